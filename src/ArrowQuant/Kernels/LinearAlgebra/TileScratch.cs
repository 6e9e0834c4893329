using System.Runtime.InteropServices;

namespace ArrowQuant.Kernels.LinearAlgebra;

/// <summary>
/// The memory of one thread: packed operands of a panel and the sums of one output tile. Fits a second-level cache of 1 MiB.
/// </summary>
internal sealed unsafe class TileScratch : IDisposable
{
    /// <summary>Rows and columns of an output tile: a multiple of every register tile.</summary>
    public const int Edge = 192;

    /// <summary>Terms that are added in float before the sum goes on in double.</summary>
    public const int Depth = 256;

    /// <summary>Bytes per thread.</summary>
    public const int Bytes = sizeof(float) * (2 * Edge * Depth + Edge * Edge + CornerLength) + sizeof(double) * Edge * Edge;

    // The largest register tile.
    private const int CornerLength = 512;

    public TileScratch()
    {
        Sums = (double*)NativeMemory.AlignedAlloc(Bytes, 64);
        Left = (float*)(Sums + Edge * Edge);
        Right = Left + Edge * Depth;
        Block = Right + Edge * Depth;
        Corner = Block + Edge * Edge;
    }

    ~TileScratch() => NativeMemory.AlignedFree(Sums);

    /// <summary>[Edge, Edge].</summary>
    public double* Sums { get; private set; }

    /// <summary>Packed rows of a panel.</summary>
    public float* Left { get; }

    /// <summary>Packed columns of a panel.</summary>
    public float* Right { get; }

    /// <summary>[Edge, Edge]: a tile between two products.</summary>
    public float* Block { get; }

    /// <summary>One register tile.</summary>
    public float* Corner { get; }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Sums);
        Sums = null;
        GC.SuppressFinalize(this);
    }
}
