"""The REST interface for installers, apps and finance: read only."""
