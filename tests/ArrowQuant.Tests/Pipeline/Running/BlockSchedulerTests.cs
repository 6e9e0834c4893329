using ArrowQuant.Pipeline.Running;

namespace ArrowQuant.Tests.Pipeline.Running;

public sealed class BlockSchedulerTests
{
    private static BlockJob[] Jobs(int shard, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new BlockJob(shard, i, 1, i == count - 1))];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Run_AnyThreads_HandsOnEveryResultInOrder(int threads)
    {
        int[] sizes = [40, 0, 1, 25];
        List<long>[] written = [.. sizes.Select(_ => new List<long>())];
        int waiting = 0;
        int mostWaiting = 0;
        var scheduler = new BlockScheduler<object>(
            [.. sizes.Select((size, shard) => Jobs(shard, size))],
            threads,
            (shard, job, _) =>
            {
                int now = Interlocked.Increment(ref waiting);
                lock (written) mostWaiting = Math.Max(mostWaiting, now);
                if (job.RowStart % 5 == 0) Thread.Sleep(2);
                return job;
            },
            (shard, job, result) =>
            {
                Interlocked.Decrement(ref waiting);
                Assert.Same(job, result);
                written[shard].Add(job.RowStart);
            });
        scheduler.Run(CancellationToken.None);
        for (int s = 0; s < sizes.Length; s++) Assert.Equal(Enumerable.Range(0, sizes[s]).Select(i => (long)i), written[s]);
        Assert.InRange(mostWaiting, 1, BlockScheduler<object>.MostOpen(threads));
    }

    [Fact]
    public void Run_WorkThrows_ThrowsThatErrorAndStops()
    {
        int started = 0;
        var scheduler = new BlockScheduler<object>(
            [Jobs(0, 1000)],
            2,
            (_, job, _) =>
            {
                Interlocked.Increment(ref started);
                return job.RowStart == 3 ? throw new InvalidDataException("block 3") : job;
            },
            (_, _, _) => { });
        Assert.Equal("block 3", Assert.Throws<InvalidDataException>(() => scheduler.Run(CancellationToken.None)).Message);
        Assert.InRange(started, 4, 20);
    }

    [Fact]
    public void Run_WriteThrows_ThrowsThatError()
    {
        var scheduler = new BlockScheduler<object>(
            [Jobs(0, 10)], 2, (_, job, _) => job, (_, job, _) => throw new IOException($"write {job.RowStart}"));
        Assert.Equal("write 0", Assert.Throws<IOException>(() => scheduler.Run(CancellationToken.None)).Message);
    }

    [Fact]
    public void Run_Cancelled_ThrowsAndLeavesTheRest()
    {
        using CancellationTokenSource source = new();
        int written = 0;
        var scheduler = new BlockScheduler<object>(
            [Jobs(0, 1000)], 2, (_, job, _) => job,
            (_, _, _) =>
            {
                if (++written == 5) source.Cancel();
            });
        Assert.Throws<OperationCanceledException>(() => scheduler.Run(source.Token));
        Assert.InRange(written, 5, 50);
    }
}
