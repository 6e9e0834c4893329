namespace ArrowQuant.Pipeline.Running;

/// <summary>
/// The jobs of one shard. Jobs are taken in order by any worker and finish in any order; results are handed on in job order, by one worker
/// at a time. Not thread-safe: the scheduler's lock guards it.
/// </summary>
/// <param name="jobs">The shard's jobs in file order.</param>
/// <param name="window">How far the taken jobs may run ahead of the written ones; this bounds the results that wait.</param>
internal sealed class ShardQueue<TResult>(IReadOnlyList<BlockJob> jobs, int window)
    where TResult : class
{
    private readonly Dictionary<int, TResult> _waiting = [];
    private int _taken;
    private int _written;

    /// <summary>True while a worker hands results on.</summary>
    public bool IsWriting { get; set; }

    /// <summary>True when no job has been taken.</summary>
    public bool IsUntouched => _taken == 0;

    /// <summary>True when every result was handed on.</summary>
    public bool IsFinished => _written == jobs.Count;

    /// <summary>True when a job can be taken now.</summary>
    public bool HasJob => _taken < jobs.Count && _taken - _written < window;

    /// <summary>Takes the next job and its position.</summary>
    public (int Position, BlockJob Job) Take() => (_taken, jobs[_taken++]);

    /// <summary>Stores a finished result.</summary>
    public void Finish(int position, TResult result) => _waiting.Add(position, result);

    /// <summary>The next result in order, if it is there.</summary>
    public bool TryNext(out BlockJob job, out TResult? result)
    {
        job = jobs[Math.Min(_written, jobs.Count - 1)];
        return _waiting.Remove(_written, out result);
    }

    /// <summary>Counts the result of <see cref="TryNext"/> as handed on.</summary>
    public void Advance() => _written++;
}
