using Apache.Arrow;
using ArrowQuant.Errors;
using ArrowQuant.Sources;

namespace ArrowQuant.Calibration;

/// <summary>The calibration columns of one record batch.</summary>
internal sealed class BatchColumns
{
    /// <summary>The column of activations.</summary>
    public const string Data = "data";

    private const string Layer = "layer";
    private const string Timestep = "timestep";
    private const string Shape = "shape";
    private const int RankLimit = 64;

    private readonly string _path;
    private readonly IArrowArray _data;
    private readonly IArrowArray? _timesteps;
    private readonly IArrowArray? _shapes;
    private readonly string?[]? _layers;

    /// <summary>Finds the columns of a batch.</summary>
    /// <exception cref="CalibrationException">A column is missing or of a type that does not fit.</exception>
    public BatchColumns(RecordBatch batch, string path)
    {
        _path = path;
        _data = Find(batch, Data)
            ?? throw NoData(path, string.Join(", ", batch.Schema.FieldsList.Select(field => Printable.Of(field.Name))));
        _timesteps = Find(batch, Timestep);
        _shapes = Find(batch, Shape);
        if (ArrowLists.ValuesOf(_data) is not (FloatArray or DoubleArray or HalfFloatArray)) throw Wrong(Data, _data, "lists of float32");
        if (_shapes is not null && (ArrowLists.ValuesOf(_shapes) is not { } dimensions || !IsNumeric(dimensions)))
            throw Wrong(Shape, _shapes, "lists of integers");
        if (_timesteps is not null && !IsNumeric(_timesteps)) throw Wrong(Timestep, _timesteps, "numbers");
        if (Find(batch, Layer) is { } layers) _layers = ArrowTexts.Read(layers) ?? throw Wrong(Layer, layers, "text");
    }

    /// <summary>The columns that are read.</summary>
    public static IReadOnlyList<string> Names { get; } = [Layer, Data, Timestep, Shape];

    /// <summary>The error of a table without activations.</summary>
    public static CalibrationException NoData(string path, string found) => CalibrationFailure.Error(
        path, $"has the columns {found}, expected {string.Join(", ", Names)} (layer, timestep and shape are optional)");

    /// <summary>What row <paramref name="i"/> of the batch says of itself.</summary>
    /// <param name="i">The row within the batch.</param>
    /// <param name="row">Its number in the file, for messages.</param>
    public RecordHead HeadOf(int i, long row)
    {
        if (_data.IsNull(i)) throw CalibrationFailure.Error(_path, $"row {row} has null as '{Data}', expected a list of numbers");
        ArrowLists.Range range = ArrowLists.RangeOf(_data, i);
        if (range.Values.NullCount != 0)
        {
            for (int k = range.Start; k < range.End; k++)
            {
                if (range.Values.IsNull(k)) throw CalibrationFailure.Error(_path, $"row {row} has a null in '{Data}', expected numbers");
            }
        }

        return new RecordHead(_layers?[i], range.End - range.Start, ShapeOf(i, row), _timesteps is null ? null : Number(_timesteps, i));
    }

    /// <summary>The values of row <paramref name="i"/> of the batch as float32.</summary>
    public float[] ValuesOf(int i)
    {
        ArrowLists.Range range = ArrowLists.RangeOf(_data, i);
        float[] values = new float[range.End - range.Start];
        switch (range.Values)
        {
            case FloatArray singles:
                singles.Values[range.Start..range.End].CopyTo(values);
                break;
            case DoubleArray doubles:
                for (int k = 0; k < values.Length; k++) values[k] = (float)doubles.Values[range.Start + k];
                break;
            case HalfFloatArray halves:
                for (int k = 0; k < values.Length; k++) values[k] = (float)halves.Values[range.Start + k];
                break;
        }

        return values;
    }

    private static IArrowArray? Find(RecordBatch batch, string name)
    {
        for (int i = 0; i < batch.ColumnCount; i++)
        {
            if (batch.Schema.GetFieldByIndex(i).Name != name) continue;
            IArrowArray column = batch.Column(i);
            if (column.Length == batch.Length) return column;
            throw new InvalidDataException($"column '{name}' has {column.Length} rows in a batch of {batch.Length}");
        }

        return null;
    }

    private long[]? ShapeOf(int i, long row)
    {
        if (_shapes is null || _shapes.IsNull(i)) return null;
        ArrowLists.Range range = ArrowLists.RangeOf(_shapes, i);
        long[] shape = new long[Math.Min(range.End - range.Start, RankLimit)];
        for (int k = 0; k < shape.Length; k++)
        {
            double value = Number(range.Values, range.Start + k) ?? double.NaN;
            if (!(Math.Abs(value) <= RecordIndex.FeatureLimit) || value != Math.Floor(value))
            {
                throw CalibrationFailure.Error(
                    _path, $"row {row} has {value} in '{Shape}', expected integers within 1..{RecordIndex.FeatureLimit}");
            }

            shape[k] = (long)value;
        }

        return shape;
    }

    private static bool IsNumeric(IArrowArray array) => array is Int8Array or UInt8Array or Int16Array or UInt16Array or Int32Array
        or UInt32Array or Int64Array or UInt64Array or HalfFloatArray or FloatArray or DoubleArray;

    private static double? Number(IArrowArray array, int i) => array switch
    {
        Int8Array values => values.GetValue(i),
        UInt8Array values => values.GetValue(i),
        Int16Array values => values.GetValue(i),
        UInt16Array values => values.GetValue(i),
        Int32Array values => values.GetValue(i),
        UInt32Array values => values.GetValue(i),
        Int64Array values => values.GetValue(i),
        UInt64Array values => values.GetValue(i),
        HalfFloatArray values => (double?)values.GetValue(i),
        FloatArray values => values.GetValue(i),
        DoubleArray values => values.GetValue(i),
        _ => null,
    };

    private CalibrationException Wrong(string column, IArrowArray found, string expected) =>
        CalibrationFailure.Error(_path, $"column '{column}' is {found.Data.DataType.Name}, expected {expected}");
}
