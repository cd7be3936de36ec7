"""The processes that render: started, limited and ended; on this machine or on Dask."""
