using Apache.Arrow;

namespace ArrowQuant.Calibration;

/// <summary>
/// Calibration data as a table (Parquet, Arrow IPC): columns <c>layer</c>, <c>data</c>, <c>timestep</c> and an optional <c>shape</c>.
/// </summary>
internal sealed class BatchFile : RecordFile
{
    private readonly Func<IBatchReader> _open;
    private readonly string _path;

    private BatchFile(string path, Func<IBatchReader> open)
    {
        _path = path;
        _open = open;
    }

    /// <summary>Reads the table once, for the layer, length and timestep of every row.</summary>
    /// <param name="path">The file.</param>
    /// <param name="open">Opens its reader.</param>
    /// <exception cref="Errors.CalibrationException">The file is broken or has other columns.</exception>
    public static CalibrationLayers Read(string path, Func<string, IBatchReader> open) => CalibrationFailure.Map(path, () =>
    {
        RecordIndex index = new(path);
        BatchFile file = new(path, () => open(path));
        long row = 0;
        using IBatchReader reader = open(path);
        for (int part = 0; part < reader.PartCount; part++)
        {
            long position = 0;
            foreach (RecordBatch batch in reader.Batches(part))
            {
                using (batch)
                {
                    BatchColumns columns = new(batch, path);
                    for (int i = 0; i < batch.Length; i++, position++, row++)
                        index.Add(columns.HeadOf(i, row), new RecordPlace(part, position), $"row {row}");
                }
            }
        }

        return index.Build(file);
    });

    /// <inheritdoc/>
    public override void Visit(IReadOnlyList<RecordPlace> places, RecordVisitor visit)
    {
        using IBatchReader reader = _open();
        for (int next = 0; next < places.Count;)
        {
            int part = places[next].Part;
            int found = VisitPart(reader, part, places, next, visit);
            if (found < places.Count && places[found].Part == part) throw CalibrationFailure.Error(_path, "changed while it was used");
            next = found;
        }
    }

    // Returns the first place that is not in the part.
    private int VisitPart(IBatchReader reader, int part, IReadOnlyList<RecordPlace> places, int next, RecordVisitor visit)
    {
        long first = 0;
        foreach (RecordBatch batch in reader.Batches(part))
        {
            using (batch)
            {
                long end = first + batch.Length;
                BatchColumns? columns = null;
                float[] values = [];
                long held = -1;
                for (; next < places.Count && places[next].Part == part && places[next].Position < end; next++)
                {
                    RecordPlace place = places[next];
                    columns ??= new BatchColumns(batch, _path);
                    if (held != place.Position) values = columns.ValuesOf((int)(place.Position - first));
                    held = place.Position;
                    visit(next, values.AsSpan(Math.Min(place.Offset, values.Length)));
                }

                first = end;
                if (next == places.Count || places[next].Part != part) return next;
            }
        }

        return next;
    }
}

/// <summary>Reads a table in parts that can be opened one by one.</summary>
internal interface IBatchReader : IDisposable
{
    /// <summary>Row groups or record batches.</summary>
    int PartCount { get; }

    /// <summary>The rows of one part, in order.</summary>
    IEnumerable<RecordBatch> Batches(int part);
}
