using System.Diagnostics;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>Runs parts of one job on a few threads that start together; parts are taken from one counter.</summary>
internal static class Crew
{
    /// <summary>Seconds from the first start to the last end, measured by the workers themselves.</summary>
    /// <param name="threads">Workers.</param>
    /// <param name="parts">Parts 0 .. parts - 1.</param>
    /// <param name="newWorker">Makes what one worker does with a part; called once a worker, before the clock starts.</param>
    public static double Run(int threads, int parts, Func<Action<int>> newWorker)
    {
        long[] started = new long[threads];
        long[] ended = new long[threads];
        int next = -1;
        using var barrier = new Barrier(threads);
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(w => new Thread(() =>
        {
            Action<int> work = newWorker();
            barrier.SignalAndWait();
            started[w] = Stopwatch.GetTimestamp();
            for (int part = Interlocked.Increment(ref next); part < parts; part = Interlocked.Increment(ref next)) work(part);
            ended[w] = Stopwatch.GetTimestamp();
        }))];
        foreach (Thread worker in workers) worker.Start();
        foreach (Thread worker in workers) worker.Join();
        return Stopwatch.GetElapsedTime(started.Min(), ended.Max()).TotalSeconds;
    }
}
