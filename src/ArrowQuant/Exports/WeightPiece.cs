using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports;

/// <summary>A piece of a tensor as a reader decodes it, equalization undone, in the order of the tensor's shape.</summary>
/// <param name="Values">Decoded values, whole rows of the tensor's outermost dimension.</param>
/// <param name="Codes">
/// The codes behind the values, row for row, where the grids alone decode them: not of kept tensors, not with equalization or a transform,
/// and not where the stored rows are another dimension than the outermost.
/// </param>
internal sealed record WeightPiece(float[] Values, QuantizedBlock? Codes)
{
    /// <summary>
    /// The pieces of a tensor that holds weights, in order: one for each stored block, or the whole tensor where its stored rows are
    /// another dimension than its outermost.
    /// </summary>
    /// <exception cref="Errors.ModelFormatException">The stored values are damaged.</exception>
    public static IEnumerable<WeightPiece> Of(ArtefactReader artefact, StoredLayer layer, CancellationToken cancellationToken)
    {
        if (layer.Shape.ElementCount == 0) yield break;
        if (layer.View.RowAxis != 0)
        {
            yield return new WeightPiece(artefact.ReadLayer(layer.FullName), null);
            yield break;
        }

        for (int i = 0; i < layer.Blocks.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            StoredBlock block = layer.Blocks[i];
            float[] values = new float[block.RowCount * layer.View.Columns];
            artefact.ReadRows(layer.FullName, block.RowStart, block.RowCount, values);
            yield return new WeightPiece(values, HasPlainGrids(layer) ? artefact.ReadBlock(layer, i) : null);
        }
    }

    /// <summary>True when codes and grids alone decode the layer, row for row of its outermost dimension.</summary>
    public static bool HasPlainGrids(StoredLayer layer) => layer.Header.Format is { IsTransformed: false, Trellis: null }
        && layer.View.RowAxis == 0;
}
