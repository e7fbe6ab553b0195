"""What people do about an incident or a report: buttons, modals, and what is kept of it."""
