using ArrowQuant.Kernels;
using ArrowQuant.Quality;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>
/// Every kernel on memory that no cache holds, in rounds that interleave all kernels; the figures are medians, and each is a share of what
/// the memory gave in the same round: <c>kernels [--rounds N] [--megabytes N] [--only TEXT]</c>.
/// </summary>
internal static class KernelBenchmark
{
    /// <summary>Runs the program.</summary>
    public static int Run(string[] args, Action<string> say)
    {
        int rounds = Arguments.Number(args, "--rounds", 5);
        long bytes = (long)Arguments.Number(args, "--megabytes", 256) << 20;
        string only = Arguments.Value(args, "--only") ?? "";
        KernelSet kernels = KernelSet.Create(Environment.GetEnvironmentVariable(KernelSet.EnvironmentVariable));
        int[] threads = [.. new[] { 1, Environment.ProcessorCount }.Distinct()];
        using var data = new KernelData(bytes);
        IEnumerable<KernelCase> all =
        [
            .. KernelCases.All(kernels, data), .. KernelCases.Decoding(kernels, data), .. ProductCases.All(kernels, data),
            .. KernelCases.Steps(kernels),
        ];
        IReadOnlyList<KernelCase> cases = [.. all.Where(c => c.Name.Contains(only, StringComparison.Ordinal))];
        say($"{kernels.Name}, {bytes >> 20} MiB of source, medians of {rounds} rounds; read and write are the memory's own rates");
        say("");
        say("| kernel | threads | GB/s of source | G params/s | share of read | share of write | nmse | bits per weight |");
        say("|---|---|---|---|---|---|---|---|");
        foreach (int count in threads) Table([.. cases.Where(c => count == 1 || !c.OneThread)], data, rounds, count, say);
        return 0;
    }

    private static void Table(IReadOnlyList<KernelCase> cases, KernelData data, int rounds, int threads, Action<string> say)
    {
        double[] read = new double[rounds];
        double[] write = new double[rounds];
        double[,] rates = new double[cases.Count, rounds];
        for (int round = -1; round < rounds; round++)
        {
            double readRate = data.Half.Bytes / MemoryLimits.Read(data.Half, threads);
            double writeRate = data.Target.Bytes / MemoryLimits.Write(data.Target, threads);
            for (int i = 0; i < cases.Count; i++)
            {
                double rate = cases[i].Bytes / cases[i].Run(threads);
                if (round >= 0) rates[i, round] = rate;
            }

            if (round < 0) continue;
            read[round] = readRate;
            write[round] = writeRate;
        }

        say($"| memory read | {threads} | {Median(read) / 1e9:0.0} | | 1.00 | | | |");
        say($"| memory write | {threads} | {Median(write) / 1e9:0.0} | | | 1.00 | | |");
        for (int i = 0; i < cases.Count; i++)
        {
            double[] rate = [.. Enumerable.Range(0, rounds).Select(r => rates[i, r])];
            double ofRead = Median([.. rate.Select((value, r) => value / read[r])]);
            double ofWrite = Median([.. rate.Select((value, r) => value / write[r])]);
            (double nmse, double bits) = cases[i].Error();
            say($"| {cases[i].Name} | {threads} | {Median(rate) / 1e9:0.00} | {Median(rate) / cases[i].BytesPerParameter / 1e9:0.000} | "
                + $"{(cases[i].Writes ? "" : $"{ofRead:0.00}")} | {(cases[i].Writes ? $"{ofWrite:0.00}" : "")} | "
                + $"{(double.IsNaN(nmse) ? "" : $"{nmse:0.0e+0}")} | {(double.IsNaN(bits) ? "" : $"{bits:0.00}")} |");
        }
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
