using ParquetSharp;

namespace ArrowQuant.Storage;

/// <summary>Receives the values of a column in order. A value that points into a page is valid during the call only.</summary>
/// <param name="row">The row in the chunk, from 0.</param>
/// <param name="present">False when the row has no value (flat columns) or no element (lists).</param>
/// <param name="value">The value where present.</param>
internal delegate void ColumnVisitor<T>(int row, bool present, T value);

/// <summary>Walks over one column chunk in batches of bounded size, so that memory follows what the file really holds.</summary>
internal static class ColumnScan
{
    private const int BatchSize = 4096;

    /// <summary>Visits a column with one value, or none, per row.</summary>
    /// <exception cref="InvalidDataException">The chunk has fewer or more rows.</exception>
    public static void Flat<T>(ColumnReader reader, int rowCount, ColumnVisitor<T> visit)
        where T : unmanaged
    {
        int rows = Levels(reader, visit, maxRows: rowCount);
        if (rows != rowCount) throw new InvalidDataException($"has {rows} rows instead of {rowCount}");
    }

    /// <summary>Visits every element of a column of lists; an empty list is one visit without a value.</summary>
    /// <exception cref="InvalidDataException">The chunk has fewer or more rows.</exception>
    public static void Lists<T>(ColumnReader reader, int rowCount, ColumnVisitor<T> visit)
        where T : unmanaged
    {
        if (reader.ColumnDescriptor.MaxRepetitionLevel != 1) throw new InvalidDataException("is not a list of values");
        int rows = Levels(reader, visit, maxRows: rowCount);
        if (rows != rowCount) throw new InvalidDataException($"has {rows} rows instead of {rowCount}");
    }

    private static int Levels<T>(ColumnReader reader, ColumnVisitor<T> visit, int maxRows)
        where T : unmanaged
    {
        if (reader is not ColumnReader<T> typed) throw new InvalidDataException($"holds {reader.Type} values");
        short maxDefinition = reader.ColumnDescriptor.MaxDefinitionLevel;
        bool repeated = reader.ColumnDescriptor.MaxRepetitionLevel > 0;
        short[] definitions = new short[BatchSize];
        short[] repetitions = new short[BatchSize];
        T[] values = new T[BatchSize];
        int row = -1;
        while (typed.HasNext)
        {
            long levels = typed.ReadBatch(BatchSize, definitions, repetitions, values, out long valueCount);
            if (levels == 0 && valueCount == 0) break;
            int value = 0;
            for (int i = 0; i < levels; i++)
            {
                if (!repeated || repetitions[i] == 0) row++;
                if (row < 0 || row >= maxRows) throw new InvalidDataException($"has more rows than {maxRows}");
                bool present = maxDefinition == 0 || definitions[i] == maxDefinition;
                visit(row, present, present ? values[value++] : default);
            }
        }

        return row + 1;
    }
}
