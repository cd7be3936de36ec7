"""What stepping tells before a render is paid for: errors, lengths, words, layout.

Start reading in `rehearsal`.
"""
