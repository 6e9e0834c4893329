using System.Diagnostics;
using ArrowQuant.Benchmarks.Speed;
using ArrowQuant.Kernels;
using ArrowQuant.Kernels.LinearAlgebra;
using ArrowQuant.Methods;
using ArrowQuant.Tensors;

namespace ArrowQuant.Benchmarks;

/// <summary>
/// The linear algebra kernels beside the multiply-add peak of the same moment. Rounds interleave all kernels; medians of the rounds are
/// printed. Other work on the machine lengthens the elapsed time at random, so the share of the peak is given by processor time too.
/// <c>matrix [order] [rounds] [kernel set]</c>.
/// </summary>
internal static class MatrixBenchmark
{
    private const int PeakIterations = 5_000_000;

    public static int Run(string[] arguments)
    {
        int d = arguments.Length > 0 ? int.Parse(arguments[0]) : 4096;
        int rounds = arguments.Length > 1 ? int.Parse(arguments[1]) : 5;
        KernelSet kernels = KernelSet.Create(arguments.Length > 2 ? arguments[2] : null);
        Case[] cases = [.. CreateCases(kernels.Algebra, d, Environment.ProcessorCount), Gptq(kernels, d, Environment.ProcessorCount)];
        Rates[][] results = [.. cases.Select(_ => new Rates[rounds])];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < cases.Length; i++) results[i][round] = Measure(cases[i]);
        }

        Console.WriteLine($"{kernels.Name}, order {d}, medians of {rounds} rounds");
        Console.WriteLine($"{"kernel",-44} {"threads",7} {"seconds",8} {"GF/s",8} {"of peak: elapsed",17} {"processor",10}");
        for (int i = 0; i < cases.Length; i++)
        {
            double rate = Median(results[i].Select(rates => rates.Kernel));
            double elapsed = Median(results[i].Select(rates => rates.ShareOfElapsed));
            double processor = Median(results[i].Select(rates => rates.ShareOfProcessor));
            double seconds = cases[i].Flops / rate / 1e9;
            Console.WriteLine(
                $"{cases[i].Name,-44} {cases[i].Threads,7} {seconds,8:F3} {rate,8:F1} {elapsed,17:P0} {processor,10:P0}");
        }

        return 0;
    }

    private static Rates Measure(Case kernel)
    {
        (double peakElapsed, double peakProcessor) = Time(() => FmaPeak.Run(kernel.Threads, PeakIterations));
        (double elapsed, double processor) = Time(kernel.Body);
        double peakFlops = FmaPeak.Flops(kernel.Threads, PeakIterations);
        return new Rates(
            kernel.Flops / elapsed / 1e9,
            kernel.Flops / elapsed / (peakFlops / peakElapsed),
            kernel.Flops / processor / (peakFlops / peakProcessor));
    }

    private static (double Elapsed, double Processor) Time(Action body)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        Stopwatch watch = Stopwatch.StartNew();
        body();
        return (watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }

    private static Case[] CreateCases(MatrixKernels algebra, int d, int threads)
    {
        const int Block = 128;
        float[] x = Values(d * d);
        float[] ones = [.. Enumerable.Repeat(1f, d)];
        float[] h = new float[d * d];
        float[] u = new float[d * d];
        float[] rows = Values(Block * d);
        float[] errors = Values(Block * Block);
        double[] products = new double[Block];
        float damping = 0.01f * d / 12;
        double cube = (double)d * d * d;
        double slab = 2.0 * Block * Block * d;
        return
        [
            new($"Gram n={d}", threads, cube, () => algebra.Gram(x, d, ones, h, threads)),
            new("TryFactorInverse", threads, cube * 2 / 3, () => algebra.TryFactorInverse(h, d, damping, u, threads)),
            new($"SubtractProduct {Block}x{d}, k={Block}, 20 times", 1, 20 * slab, () =>
            {
                for (int i = 0; i < 20; i++) algebra.SubtractProduct(rows, d, errors, u, d, Block, d, Block);
            }),
            new($"RowProducts m={Block}", 1, 2.0 * Block * d * d, () =>
                algebra.RowProducts(x.AsSpan(0, Block * d), h, rows, Block, d, products)),
            new($"MatMulTransposed [{d}, {d}]", threads, 2 * cube, () => algebra.MatMulTransposed(x, h, u, d, d, d, threads)),
        ];
    }

    // A whole layer [d, d] with d samples: Hessian, factor of its inverse, and every column's error taken out of those behind it, INT4 of
    // the range in groups of 128. The flops are those that the method needs: d^3, 2/3 d^3 and d^3.
    private static Case Gptq(KernelSet kernels, int d, int threads)
    {
        const int Group = 128;
        float[] x = Values(d * d);
        float[] weights = Values(d * d);
        var samples = ActivationSamples.Pooled(x, d, new int[d], 1);
        var format = new QuantizedFormat { BitWidth = 4, Layout = CodeLayout.Affine, Groups = new GroupLayout(d, Group) };
        var block = new QuantizedBlock(format, 0, d);
        int parts = d / CompensatedCoder.RowsTogether;
        return new($"GPTQ INT4 [{d}, {d}], {d} samples", threads, 8.0 / 3 * d * d * d, () =>
        {
            HessianFactor hessian = HessianFactor.TryCreate(kernels, samples, d, false, threads)!;
            Crew.Run(threads, parts, () =>
            {
                var coder = new CompensatedCoder(kernels, new GridFit(kernels, format, AffineSearch.MinMax), hessian);
                byte[] codes = new byte[CompensatedCoder.RowsTogether * d];
                return part =>
                {
                    int first = part * CompensatedCoder.RowsTogether;
                    coder.Code(weights.AsSpan(first * d, codes.Length), block, first, codes);
                };
            });
        });
    }

    private static float[] Values(int count)
    {
        Random random = new(1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = random.NextSingle() - 0.5f;
        return values;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private sealed record Case(string Name, int Threads, double Flops, Action Body);

    private readonly record struct Rates(double Kernel, double ShareOfElapsed, double ShareOfProcessor);
}
