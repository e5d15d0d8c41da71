"""The console's own endpoints, one a file; see ``console.contract``."""
