"""The rehearsal as a cell sees it: before sending, as a report, and with a server kept warm."""
