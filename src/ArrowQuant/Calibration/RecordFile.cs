namespace ArrowQuant.Calibration;

/// <summary>Takes the values of one record.</summary>
/// <param name="index">Which of the places that were asked for.</param>
/// <param name="values">From the place's offset to the end of the record; valid during the call only.</param>
internal delegate void RecordVisitor(int index, ReadOnlySpan<float> values);

/// <summary>A file of records that can be read again at known places. Thread-safe: every reading opens the file anew.</summary>
internal abstract class RecordFile
{
    /// <summary>Reads the records at <paramref name="places"/>, which ascend.</summary>
    public abstract void Visit(IReadOnlyList<RecordPlace> places, RecordVisitor visit);
}

/// <summary>Rows of a layer that lie in records.</summary>
internal sealed class RecordRows(RecordFile file, RecordPlace[] places) : ActivationRows
{
    /// <inheritdoc/>
    public override void Visit(ReadOnlySpan<int> rows, RowVisitor visit)
    {
        int[] wanted = rows.ToArray();
        RecordPlace[] chosen = new RecordPlace[wanted.Length];
        for (int i = 0; i < wanted.Length; i++) chosen[i] = places[wanted[i]];
        CalibrationFailure.Map(FilePath, () =>
        {
            file.Visit(chosen, (index, values) =>
            {
                if (values.Length < Features) throw CalibrationFailure.Error(FilePath, "changed while it was used", $"layer {Layer}");
                visit(wanted[index], values[..Features]);
            });
            return true;
        });
    }
}
