using System.Diagnostics;
using ArrowQuant.Errors;
using ParquetSharp;

namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>
/// Gives a reader changed files and judges what it does. A reader may read a file, or refuse it by an <see cref="ArrowQuantException"/>
/// of one printable line. It may not throw anything else, take memory out of proportion to the file, or take long.
/// </summary>
public sealed class FuzzCampaign
{
    private const int MostKinds = 20;
    private const int LongestMessage = 4000;
    private const long MemoryBytes = 64L << 20;
    private const int MemoryPerByte = 16;

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(3);

    private readonly FuzzTarget _target;
    private readonly ulong _seed;
    private readonly ResidentMemory? _memory;
    private readonly Dictionary<string, FuzzFinding> _findings = new(StringComparer.Ordinal);
    private long _accepted;
    private long _failed;

    private FuzzCampaign(FuzzTarget target, ulong seed, bool isAlone)
    {
        _target = target;
        _seed = seed;
        if (isAlone) _memory = new ResidentMemory();
    }

    /// <summary>Runs inputs <paramref name="first"/> to <paramref name="end"/>, the latter excluded, on this thread.</summary>
    /// <param name="target">The reader.</param>
    /// <param name="seed">The seed of all inputs.</param>
    /// <param name="first">The number of the first input.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="isAlone">
    /// Whether nothing else runs in this process; then its growth is judged too. What runs beside a campaign would be blamed on the reader.
    /// </param>
    /// <param name="begin">Told of each input before it is read, so that one which kills the process is known.</param>
    public static FuzzResult Run(FuzzTarget target, ulong seed, long first, long end, bool isAlone, Action<long>? begin = null)
    {
        long start = Stopwatch.GetTimestamp();
        target.Read(target.Seeds[0].Content);
        FuzzCampaign campaign = new(target, seed, isAlone);
        long number = first;
        for (; number < end && campaign._findings.Count < MostKinds; number++)
        {
            begin?.Invoke(number);
            campaign.Judge(number);
        }

        return new FuzzResult(
            number - first, campaign._accepted, campaign._failed, [.. campaign._findings.Values], Stopwatch.GetElapsedTime(start));
    }

    private void Judge(long number)
    {
        byte[] input = _target.Input(_seed, number);
        long nativeBefore = PeakOfNative();
        _memory?.Begin();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan start = ProcessorTime();
        string? problem = null;
        try
        {
            _target.Read(input);
            _accepted++;
        }
        catch (ArrowQuantException e)
        {
            problem = ProblemOf(e);
        }
        catch (Exception e)
        {
            problem = $"{e.GetType().Name}: {e.StackTrace?.ReplaceLineEndings(" ")} {e.Message}";
        }

        TimeSpan duration = ProcessorTime() - start;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        long limit = MemoryBytes + ((long)MemoryPerByte * input.Length);
        if (duration > Slow) problem ??= $"took {duration.TotalSeconds:F1} s";
        if (allocated > limit) problem ??= $"allocated {allocated} bytes for a file of {input.Length}";
        long native = PeakOfNative();
        if (native > nativeBefore && native > limit) problem ??= $"native peak of {native} bytes for a file of {input.Length}";
        if (_memory?.GrewBy() is { } grown && grown > limit) problem ??= $"the process grew by {grown} bytes for a file of {input.Length}";
        if (problem is null) return;
        _failed++;
        _findings.TryAdd(KindOf(problem), new FuzzFinding(_target.Name, _seed, number, problem));
    }

    // What is found again and again is told once: the words up to the first number, for exceptions with the place.
    private static string KindOf(string problem)
    {
        int end = problem.IndexOfAny([.. "0123456789"]);
        return problem[..Math.Min(end < 0 ? problem.Length : end, 400)];
    }

    // Not the time on the wall: on a busy machine that grows without the reader's fault. A reader that waits for ever is the caller's.
    private static TimeSpan ProcessorTime() => Environment.CpuUsage.TotalTime;

    private static long PeakOfNative() => MemoryPool.GetDefaultMemoryPool().MaxMemory;

    private static string? ProblemOf(ArrowQuantException e)
    {
        IEnumerable<string> lines = e is ConfigurationException many ? many.Errors : [e.Message];
        foreach (string line in lines)
        {
            if (line.Length > LongestMessage) return $"a message of {line.Length} characters: {line[..100]}";
            if (line.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029'))
                return $"a message that is not one printable line: {string.Concat(line.Select(c => char.IsControl(c) ? '?' : c))}";
        }

        return null;
    }
}
