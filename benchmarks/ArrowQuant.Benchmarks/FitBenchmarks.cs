using ArrowQuant.Kernels;
using BenchmarkDotNet.Attributes;

namespace ArrowQuant.Benchmarks;

/// <summary>The fits that find scales, zero points and levels: the time goes there. One operation is one megabyte of weights.</summary>
[MemoryDiagnoser]
public class FitBenchmarks
{
    private const int Columns = 1024;
    private const int Rows = 256;
    private const int GroupSize = 128;
    private const int Groups = Rows * Columns / GroupSize;

    private readonly float[] _weights = new float[Rows * Columns];
    private readonly float[] _first = new float[3 * Groups];
    private readonly float[] _second = new float[Groups];
    private KernelSet _kernels = KernelSet.Create("scalar");

    /// <summary>The kernel set; the scalar one is the definition.</summary>
    [Params("scalar", "v128", "v256", "v512")]
    public string Kernels { get; set; } = "scalar";

    /// <summary>Makes reproducible weights with a Gaussian's shape.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        for (int i = 0; i < _weights.Length; i++)
            _weights[i] = (float)(0.02 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        _kernels = KernelSet.Create(Kernels);
    }

    /// <summary>INT8: the range alone.</summary>
    [Benchmark]
    public void Int8MinMax() => Affine(8, AffineSearch.MinMax);

    /// <summary>INT4: clip search and refits, integer zero point.</summary>
    [Benchmark]
    public void Int4Affine() => Affine(4, AffineSearch.IntegerZero);

    /// <summary>INT2: clip search and refits, free zero point.</summary>
    [Benchmark]
    public void Int2Affine() => Affine(2, AffineSearch.FreeZero);

    /// <summary>INT2: the lattice without an offset.</summary>
    [Benchmark]
    public void Int2Lattice2() => _kernels.FitLattice(Weights(), false, _first.AsSpan(0, 2 * Groups));

    /// <summary>INT2: the lattice with an offset.</summary>
    [Benchmark]
    public void Int2Lattice3() => _kernels.FitLattice(Weights(), true, _first);

    private void Affine(int bits, AffineSearch search) => _kernels.FitAffine(Weights(), bits, search, _first.AsSpan(0, Groups), _second);

    private GroupRows Weights() => new(_weights, Columns, GroupSize);
}
