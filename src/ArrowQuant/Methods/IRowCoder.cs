using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>
/// Chooses the codes of some rows: fits the grid of every group into the block's scales, zero points or levels, and assigns codes.
/// Not thread-safe; make one per worker.
/// </summary>
internal interface IRowCoder
{
    /// <summary>Codes [rows, columns] finite weights.</summary>
    /// <param name="weights">The weights, already divided by equalization scales.</param>
    /// <param name="block">Receives the grids of its rows from <paramref name="firstRow"/> on.</param>
    /// <param name="firstRow">The first row in the block.</param>
    /// <param name="codes">Receives [rows, columns] codes.</param>
    /// <param name="ahead">What the caller reads next, or empty: a hint.</param>
    /// <returns>
    /// What the errors of the rows follow from, where the coder finds it on the way, else null; valid until the next call.
    /// </returns>
    CodedSums? Code(
        ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow, Span<byte> codes, ReadOnlySpan<byte> ahead = default);
}
