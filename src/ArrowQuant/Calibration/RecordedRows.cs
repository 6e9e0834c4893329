namespace ArrowQuant.Calibration;

/// <summary>Activation rows that a model run has left in memory.</summary>
internal sealed class RecordedRows(ReadOnlyMemory<float> values) : ActivationRows
{
    /// <inheritdoc/>
    public override void Visit(ReadOnlySpan<int> rows, RowVisitor visit)
    {
        foreach (int row in rows) visit(row, values.Span.Slice(row * Features, Features));
    }
}
