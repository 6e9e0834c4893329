using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Tensors;

/// <summary>
/// Turns the stored codes of consecutive rows into those that <see cref="BlockDecoder.DecodeRow"/> takes. Codes of a trellis are steps, and
/// what they stand for depends on the rows above in the tile; all others stay as they are.
/// </summary>
internal sealed class CodeSteps(KernelSet kernels, QuantizedFormat format)
{
    private readonly byte[] _states = format.Trellis is null ? [] : new byte[format.Groups.Columns];

    /// <summary>Rows above <paramref name="row"/> that must be given before it, when one does not begin at the top of a tile.</summary>
    public int RowsBefore(int row) => format.Trellis?.RowsAbove(row) ?? 0;

    /// <summary>Turns the codes of the next row.</summary>
    /// <param name="row">The row in its block.</param>
    /// <param name="codes">Codes as they are stored, unpacked.</param>
    public void Turn(int row, Span<byte> codes)
    {
        if (format.Trellis is not { } table) return;
        if (row % TrellisTable.TileRows == 0) _states.AsSpan().Clear();
        kernels.StepTrellis(table, _states, codes);
    }
}
