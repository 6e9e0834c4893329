using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using ArrowQuant.TestKit;
using ArrowQuant.TestKit.Fuzzing;

namespace ArrowQuant.Benchmarks;

/// <summary>
/// Gives readers a million changed files each: <c>fuzz [--inputs N] [--reader R,...] [--seed S] [--from I]</c>. Every reader runs in a
/// process of its own, so that a crash of native code is a finding with a number and the campaign goes on behind it.
/// </summary>
internal static class FuzzProgram
{
    private const int ReadToEnd = 0;
    private const int HasFindings = 1;
    private const int MostCrashes = 20;

    // On a busy machine a process of the lowest priority may get no time for long, which is no hang.
    private static readonly TimeSpan HangAfter = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan WaitsAfter = TimeSpan.FromMinutes(10);

    /// <summary>Runs the program.</summary>
    public static int Run(string[] args)
    {
        long inputs = Number(args, "--inputs") ?? 1_000_000;
        ulong seed = (ulong)(Number(args, "--seed") ?? 1);
        long first = Number(args, "--from") ?? 0;
        string? only = ValueOf(args, "--reader");
        if (ValueOf(args, "--progress") is { } progress) return Child(only!, seed, first, inputs, progress);
        Console.WriteLine("| reader | inputs | read | refused | findings | seconds |");
        Console.WriteLine("|---|---|---|---|---|---|");
        bool clean = true;
        foreach (string reader in FuzzTargets.Names.Where(name => only is null || only.Split(',').Contains(name)))
            clean &= Campaign(reader, seed, first, inputs);
        return clean ? ReadToEnd : HasFindings;
    }

    private static bool Campaign(string reader, ulong seed, long first, long inputs)
    {
        using TempFolder folder = new();
        string progress = folder.PathOf("progress");
        long start = Stopwatch.GetTimestamp();
        long begin = first;
        long accepted = 0;
        long findings = 0;
        for (int crashes = 0; first < inputs && crashes < MostCrashes; crashes++)
        {
            File.WriteAllBytes(progress, new byte[32]);
            int exit = StartChild(reader, seed, first, inputs, progress);
            byte[] state = File.ReadAllBytes(progress);
            long last = BitConverter.ToInt64(state);
            accepted += BitConverter.ToInt64(state, 8);
            findings += BitConverter.ToInt64(state, 16);
            first = last + 1;
            if (exit is ReadToEnd or HasFindings) break;
            findings++;
            Console.WriteLine($"{reader}: seed {seed}, input {last}: the process ended with exit code {exit}");
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long count = first - begin;
        Console.WriteLine($"| {reader} | {count} | {accepted} | {count - accepted - findings} | {findings} | {seconds:F0} |");
        return findings == 0;
    }

    private static int StartChild(string reader, ulong seed, long first, long inputs, string progress)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!);
        string program = typeof(FuzzProgram).Assembly.Location;
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(program);
        string[] arguments =
        [
            "fuzz", "--reader", reader, "--seed", Text((long)seed), "--from", Text(first), "--inputs", Text(inputs), "--progress", progress,
        ];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process child = Process.Start(start)!;
        child.WaitForExit();
        return child.ExitCode;
    }

    private static int Child(string reader, ulong seed, long first, long inputs, string progress)
    {
        using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(progress, FileMode.Open);
        using MemoryMappedViewAccessor state = file.CreateViewAccessor();
        using FuzzTarget target = FuzzTargets.Create(reader);
        long begun = Stopwatch.GetTimestamp();
        long current = first;
        long usedBefore = 0;
        using Timer watchdog = new(_ =>
        {
            TimeSpan used = Environment.CpuUsage.TotalTime - TimeSpan.FromTicks(Volatile.Read(ref usedBefore));
            if (used < HangAfter && Stopwatch.GetElapsedTime(Volatile.Read(ref begun)) < WaitsAfter) return;
            Environment.FailFast($"{reader}: seed {seed}, input {Volatile.Read(ref current)}: hangs");
        }, null, HangAfter, TimeSpan.FromSeconds(1));
        FuzzResult result = FuzzCampaign.Run(target, seed, first, inputs, isAlone: true, number =>
        {
            Volatile.Write(ref begun, Stopwatch.GetTimestamp());
            Volatile.Write(ref usedBefore, Environment.CpuUsage.TotalTime.Ticks);
            Volatile.Write(ref current, number);
            state.Write(0, number);
        });
        state.Write(8, result.Accepted);
        state.Write(16, result.Failed);
        foreach (FuzzFinding finding in result.Findings) Console.WriteLine(finding);
        return result.Failed == 0 ? ReadToEnd : HasFindings;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long? Number(string[] args, string name) =>
        ValueOf(args, name) is { } value ? long.Parse(value, CultureInfo.InvariantCulture) : null;

    private static string? ValueOf(string[] args, string name)
    {
        int index = Array.IndexOf(args, name);
        return index >= 0 && index + 1 < args.Length ? args[index + 1] : null;
    }
}
