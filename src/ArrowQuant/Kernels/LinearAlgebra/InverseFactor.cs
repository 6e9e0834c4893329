using System.Runtime.InteropServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.LinearAlgebra;

/// <summary>
/// Factors <c>H = R R^T</c> from the last block column to the first and inverts R from the first to the last, both in place. Blocks look
/// back at finished ones only, so every element is rounded to float once per stage.
/// </summary>
internal sealed unsafe class InverseFactor<T> : IDisposable
    where T : unmanaged, ILanes<T>
{
    private const int Edge = TileScratch.Edge;

    private readonly float* _matrix;
    private readonly int _order;
    private readonly int _blocks;
    private readonly TileWorkers _workers;
    private readonly float* _inverses;
    private readonly float* _column;

    public InverseFactor(float* matrix, int order, int threads)
    {
        _matrix = matrix;
        _order = order;
        _blocks = (order + Edge - 1) / Edge;
        _workers = new TileWorkers(threads, _blocks);
        _inverses = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(_blocks, 1) * 2 * Edge * Edge * sizeof(float), 64);
        _column = _inverses + (nint)_blocks * Edge * Edge;
    }

    /// <summary>The matrix becomes U; false when it is not positive definite.</summary>
    public bool TryRun(float* h, float damping, CancellationToken cancellationToken)
    {
        CopyUpper(h, damping);
        for (int block = _blocks - 1; block >= 0; block--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!TryFactorDiagonal(block)) return false;
            FactorAbove(block);
        }

        for (int block = 0; block < _blocks; block++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            InvertColumn(block);
        }

        return true;
    }

    public void Dispose()
    {
        _workers.Dispose();
        NativeMemory.AlignedFree(_inverses);
    }

    private void CopyUpper(float* h, float damping) => _workers.Run(_blocks, (block, _) =>
    {
        (int start, int size) = Range(block);
        for (int i = start; i < start + size; i++)
        {
            nint row = (nint)i * _order;
            new Span<float>(_matrix + row, i).Clear();
            new ReadOnlySpan<float>(h + row + i, _order - i).CopyTo(new Span<float>(_matrix + row + i, _order - i));
            _matrix[row + i] += damping;
        }
    });

    private bool TryFactorDiagonal(int block)
    {
        (int start, int size) = Range(block);
        TileScratch scratch = _workers.First;
        Operand factors = Operand.AlongRows(_matrix, _order);
        TileProduct<T>.Sum(factors, start, size, factors, start, size, start + size, _order, scratch);
        float* corner = At(start, start);
        for (int i = 0; i < size; i++)
        {
            for (int j = i; j < size; j++) scratch.Sums[i * Edge + j] = corner[(nint)i * _order + j] - scratch.Sums[i * Edge + j];
        }

        if (!DiagonalBlock.TryFactor(scratch.Sums, size, corner, _order)) return false;
        DiagonalBlock.Invert(scratch.Sums, size, Inverse(block));
        for (int i = 0; i < size; i++)
        {
            for (int j = i; j < size; j++) corner[(nint)i * _order + j] = (float)scratch.Sums[i * Edge + j];
        }

        return true;
    }

    // R[i, block] = (H[i, block] - sum over later k of R[i, k] R[block, k]^T) R[block, block]^-T
    private void FactorAbove(int block)
    {
        (int start, int size) = Range(block);
        Operand factors = Operand.AlongRows(_matrix, _order);
        Operand inverse = Operand.AlongRows(Inverse(block), Edge);
        _workers.Run(block, (tile, scratch) =>
        {
            float* target = At(tile * Edge, start);
            TileProduct<T>.Sum(factors, tile * Edge, Edge, factors, start, size, start + size, _order, scratch);
            for (int i = 0; i < Edge; i++)
            {
                for (int j = 0; j < size; j++)
                    scratch.Block[i * Edge + j] = (float)(target[(nint)i * _order + j] - scratch.Sums[i * Edge + j]);
            }

            StoreProduct(inverse, size, target, scratch);
        });
    }

    // U[i, block] = -(sum over k before block of U[i, k] R[k, block]) R[block, block]^-1
    private void InvertColumn(int block)
    {
        (int start, int size) = Range(block);
        for (int i = 0; i < start; i++)
            new ReadOnlySpan<float>(At(i, start), size).CopyTo(new Span<float>(_column + (nint)i * Edge, size));
        Operand inverted = Operand.AlongRows(_matrix, _order);
        Operand column = Operand.DownRows(_column, Edge);
        Operand inverse = Operand.DownRows(Inverse(block), Edge);
        _workers.Run(block, (tile, scratch) =>
        {
            TileProduct<T>.Sum(inverted, tile * Edge, Edge, column, 0, size, tile * Edge, start, scratch);
            for (int i = 0; i < Edge * Edge; i++) scratch.Block[i] = (float)-scratch.Sums[i];
            StoreProduct(inverse, size, At(tile * Edge, start), scratch);
        });
        for (int i = 0; i < size; i++)
            new ReadOnlySpan<float>(Inverse(block) + i * Edge, size).CopyTo(new Span<float>(At(start + i, start), size));
    }

    private void StoreProduct(in Operand inverse, int size, float* target, TileScratch scratch)
    {
        TileProduct<T>.Sum(Operand.AlongRows(scratch.Block, Edge), 0, Edge, inverse, 0, size, 0, size, scratch);
        for (int i = 0; i < Edge; i++)
        {
            for (int j = 0; j < size; j++) target[(nint)i * _order + j] = (float)scratch.Sums[i * Edge + j];
        }
    }

    private (int Start, int Size) Range(int block) => (block * Edge, Math.Min(Edge, _order - block * Edge));

    private float* At(int row, int column) => _matrix + (nint)row * _order + column;

    private float* Inverse(int block) => _inverses + (nint)block * Edge * Edge;
}
