using Apache.Arrow;
using ParquetSharp;
using ParquetSharp.Schema;

namespace ArrowQuant.Storage;

/// <summary>One column of the artefact: its place in both schemas, and how it is written from and read into rows.</summary>
/// <param name="name">The column's name.</param>
/// <param name="optional">True when a row may have no value.</param>
internal abstract class ArtefactColumn(string name, bool optional)
{
    public string Name { get; } = name;

    public bool Optional { get; } = optional;

    /// <summary>The dotted path of the Parquet leaf that holds the values.</summary>
    public virtual string LeafPath => Name;

    /// <summary>The physical type of the leaf.</summary>
    public abstract PhysicalType Physical { get; }

    protected Repetition Repetition => Optional ? Repetition.Optional : Repetition.Required;

    public abstract Node CreateNode();

    public abstract Field CreateField();

    /// <summary>Writes the values of <paramref name="rows"/> as one column chunk.</summary>
    public abstract void Write(ColumnWriter writer, IReadOnlyList<StoredRow> rows);

    /// <summary>Fills the column of every one of <paramref name="rows"/> from a chunk that has as many rows.</summary>
    /// <exception cref="InvalidDataException">The chunk has other rows, or a value that the column cannot have.</exception>
    public abstract void Read(ColumnReader reader, IReadOnlyList<StoredRow> rows);
}
