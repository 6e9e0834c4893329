using System.Runtime.ExceptionServices;
using ArrowQuant.Pipeline.Measuring;

namespace ArrowQuant.Pipeline.Running;

/// <summary>
/// Runs the jobs of several shards on a few threads. Every worker prefers a shard of its own, so that several files are written at once,
/// and helps the others when its own has nothing to do. Results of a shard are handed on in order, whatever the threads do.
/// </summary>
internal sealed class BlockScheduler<TResult>
    where TResult : class
{
    private readonly object _gate = new();
    private readonly ShardQueue<TResult>[] _shards;
    private readonly Func<int, BlockJob, BlockBuffers, TResult> _work;
    private readonly Action<int, BlockJob, TResult> _write;
    private int _open;
    private bool _stopped;
    private (int Shard, int Position, ExceptionDispatchInfo Error)? _failure;

    /// <summary>Creates a scheduler.</summary>
    /// <param name="shards">The jobs of each shard, in file order.</param>
    /// <param name="threads">Workers, 1 or more.</param>
    /// <param name="work">Makes the result of a job; called from several threads at once.</param>
    /// <param name="write">Takes the results of a shard in job order; never twice at once for one shard.</param>
    public BlockScheduler(
        IReadOnlyList<IReadOnlyList<BlockJob>> shards,
        int threads,
        Func<int, BlockJob, BlockBuffers, TResult> work,
        Action<int, BlockJob, TResult> write)
    {
        _shards = [.. shards.Select(jobs => new ShardQueue<TResult>(jobs, Window(threads)))];
        _work = work;
        _write = write;
        Threads = threads;
    }

    /// <summary>Workers.</summary>
    public int Threads { get; }

    /// <summary>
    /// Jobs of all shards that may be taken and not yet written: one that each worker is at, and one that waits for its turn.
    /// </summary>
    public static int MostOpen(int threads) => threads + 1;

    /// <summary>Lets running jobs finish and takes no more.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// Runs until every result is handed on, <see cref="Stop"/> is called, or something fails: then the failure of the earliest job that
    /// failed is thrown.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.Register(Stop);
        Thread[] workers = [.. Enumerable.Range(0, Threads)
            .Select(w => new Thread(() => Work(w)) { IsBackground = true, Name = $"ArrowQuant {w}" })];
        foreach (Thread worker in workers) worker.Start();
        foreach (Thread worker in workers) worker.Join();
        _failure?.Error.Throw();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void Work(int worker)
    {
        using BlockBuffers buffers = new();
        int preferred = -1;
        while (TryTake(worker, ref preferred, out int position, out BlockJob job))
        {
            int shard = preferred;
            try
            {
                TResult result = _work(shard, job, buffers);
                lock (_gate) _shards[shard].Finish(position, result);
                HandOn(shard);
            }
            catch (Exception error) when (Record(shard, position, error))
            {
                return;
            }
        }
    }

    // Every failure is kept, and the earliest wins, so that the message hardly depends on timing.
    private bool Record(int shard, int position, Exception error)
    {
        lock (_gate)
        {
            _stopped = true;
            if (_failure is not { } earlier || (shard, position).CompareTo((earlier.Shard, earlier.Position)) < 0)
                _failure = (shard, position, ExceptionDispatchInfo.Capture(error));
            Monitor.PulseAll(_gate);
        }

        return true;
    }

    private bool TryTake(int worker, ref int preferred, out int position, out BlockJob job)
    {
        lock (_gate)
        {
            while (true)
            {
                int shard = _stopped ? -1 : Choose(worker, preferred);
                if (shard >= 0)
                {
                    preferred = shard;
                    (position, job) = _shards[shard].Take();
                    _open++;
                    return true;
                }

                if (_stopped || _shards.All(s => s.IsFinished))
                {
                    position = -1;
                    job = null!;
                    return false;
                }

                Monitor.Wait(_gate);
            }
        }
    }

    private int Choose(int worker, int preferred)
    {
        if (_open == MostOpen(Threads)) return -1;
        if (preferred >= 0 && _shards[preferred].HasJob) return preferred;
        int untouched = Array.FindIndex(_shards, s => s.IsUntouched && s.HasJob);
        if (untouched >= 0) return untouched;
        for (int i = 0; i < _shards.Length; i++)
        {
            int shard = (worker + i) % _shards.Length;
            if (_shards[shard].HasJob) return shard;
        }

        return -1;
    }

    // How far the taken jobs of a shard may run ahead of the written ones: one for each worker, and one that is being written.
    private static int Window(int threads) => threads + 1;

    private void HandOn(int shard)
    {
        ShardQueue<TResult> queue = _shards[shard];
        lock (_gate)
        {
            if (queue.IsWriting) return;
            queue.IsWriting = true;
        }

        while (true)
        {
            BlockJob job;
            TResult? result;
            lock (_gate)
            {
                if (_stopped || !queue.TryNext(out job, out result))
                {
                    queue.IsWriting = false;
                    Monitor.PulseAll(_gate);
                    return;
                }
            }

            _write(shard, job, result!);
            lock (_gate)
            {
                queue.Advance();
                _open--;
                Monitor.PulseAll(_gate);
            }
        }
    }
}
