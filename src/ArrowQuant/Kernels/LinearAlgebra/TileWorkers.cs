namespace ArrowQuant.Kernels.LinearAlgebra;

/// <summary>Runs output tiles on threads that each own their scratch. Which thread takes a tile never matters to the tile.</summary>
internal sealed class TileWorkers : IDisposable
{
    private readonly TileScratch[] _scratch;

    /// <param name="threads">At least 1.</param>
    /// <param name="tiles">The most tiles of any run; no more threads than that are kept.</param>
    public TileWorkers(int threads, int tiles)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _scratch = new TileScratch[Math.Clamp(tiles, 1, threads)];
        for (int i = 0; i < _scratch.Length; i++) _scratch[i] = new TileScratch();
    }

    /// <summary>The scratch of the calling thread between two runs.</summary>
    public TileScratch First => _scratch[0];

    /// <summary>Calls <paramref name="body"/> once for every tile below <paramref name="tiles"/>, starting with tile 0.</summary>
    public void Run(int tiles, Action<int, TileScratch> body)
    {
        int workers = Math.Min(tiles, _scratch.Length);
        if (workers <= 1)
        {
            for (int tile = 0; tile < tiles; tile++) body(tile, First);
            return;
        }

        int next = -1;
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, worker =>
        {
            int tile;
            while ((tile = Interlocked.Increment(ref next)) < tiles) body(tile, _scratch[worker]);
        });
    }

    public void Dispose()
    {
        foreach (TileScratch scratch in _scratch) scratch.Dispose();
    }
}
