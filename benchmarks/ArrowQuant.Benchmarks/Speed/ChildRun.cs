using System.Diagnostics;
using System.Globalization;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>One run of a program as a process of its own.</summary>
/// <param name="Seconds">From start to exit.</param>
/// <param name="PeakBytes">Largest resident memory that was seen.</param>
/// <param name="Diagnostics">What it wrote to standard error.</param>
internal sealed record ChildRun(double Seconds, long PeakBytes, string Diagnostics)
{
    /// <summary>Runs a .NET assembly and waits for it.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static ChildRun Of(string assembly, params string[] args)
    {
        string[] all = ["exec", assembly, .. args];
        var start = new ProcessStartInfo("dotnet", all) { RedirectStandardOutput = true, RedirectStandardError = true };
        long started = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        long peak = 0;
        while (!process.WaitForExit(5)) peak = Math.Max(peak, PeakOf(process.Id));
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return process.ExitCode == 0
            ? new ChildRun(seconds, peak, errors.Result)
            : throw new InvalidOperationException($"{assembly} {string.Join(' ', args)}: {output.Result}{errors.Result}");
    }

    private static long PeakOf(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            string? kibibytes = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2];
            return kibibytes is null ? 0 : 1024 * long.Parse(kibibytes, CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It ended in between; what was seen before counts.
            return 0;
        }
    }
}
