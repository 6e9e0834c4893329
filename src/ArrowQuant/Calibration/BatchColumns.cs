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

    private readonly string _path;
    private readonly IArrowArray _data;
    private readonly IArrowArray? _timesteps;
    private readonly IArrowArray? _shapes;
    private readonly IReadOnlyList<string?>? _layers;

    /// <summary>Finds the columns of a batch.</summary>
    /// <exception cref="CalibrationException">A column is missing or of a type that does not fit.</exception>
    public BatchColumns(RecordBatch batch, string path)
    {
        _path = path;
        _data = Find(batch, Data) ?? throw NoData(path, string.Join(", ", batch.Schema.FieldsList.Select(field => Printable.Of(field.Name))));
        _timesteps = Find(batch, Timestep);
        _shapes = Find(batch, Shape);
        if (_data is not (ListArray or LargeListArray or FixedSizeListArray)) throw Wrong(Data, _data, "lists of float32");
        if (_shapes is not (null or ListArray or LargeListArray or FixedSizeListArray)) throw Wrong(Shape, _shapes, "lists of integers");
        if (_timesteps is not null && !IsNumeric(_timesteps)) throw Wrong(Timestep, _timesteps, "numbers");
        if (Find(batch, Layer) is { } layers) _layers = Texts(layers);
    }

    /// <summary>The columns that are read.</summary>
    public static IReadOnlyList<string> Names { get; } = [Layer, Data, Timestep, Shape];

    /// <summary>The error of a table without activations.</summary>
    public static CalibrationException NoData(string path, string found) =>
        CalibrationFailure.Error(path, $"has the columns {found}, expected {string.Join(", ", Names)} (layer, timestep and shape are optional)");

    /// <summary>What row <paramref name="i"/> of the batch says of itself.</summary>
    /// <param name="i">The row within the batch.</param>
    /// <param name="row">Its number in the file, for messages.</param>
    public RecordHead HeadOf(int i, long row)
    {
        if (_data.IsNull(i)) throw CalibrationFailure.Error(_path, $"row {row} has null as '{Data}', expected a list of numbers");
        IArrowArray values = Slice(_data, i);
        if (values is not (FloatArray or DoubleArray or HalfFloatArray)) throw Wrong(Data, _data, "lists of float32");
        if (values.NullCount != 0) throw CalibrationFailure.Error(_path, $"row {row} has a null in '{Data}', expected numbers");
        return new RecordHead(_layers?[i], values.Length, ShapeOf(i, row), _timesteps is null ? null : Number(_timesteps, i));
    }

    /// <summary>The values of row <paramref name="i"/> of the batch as float32.</summary>
    public float[] ValuesOf(int i)
    {
        switch (Slice(_data, i))
        {
            case FloatArray singles:
                return singles.Values.ToArray();
            case DoubleArray doubles:
                float[] rounded = new float[doubles.Length];
                for (int k = 0; k < rounded.Length; k++) rounded[k] = (float)doubles.Values[k];
                return rounded;
            case HalfFloatArray halves:
                float[] widened = new float[halves.Length];
                for (int k = 0; k < widened.Length; k++) widened[k] = (float)halves.Values[k];
                return widened;
            default:
                throw Wrong(Data, _data, "lists of float32");
        }
    }

    private static IArrowArray? Find(RecordBatch batch, string name)
    {
        for (int i = 0; i < batch.ColumnCount; i++)
        {
            if (batch.Schema.GetFieldByIndex(i).Name == name) return batch.Column(i);
        }

        return null;
    }

    private static IArrowArray Slice(IArrowArray lists, int i) => lists switch
    {
        ListArray list => list.GetSlicedValues(i),
        LargeListArray list => list.GetSlicedValues(i),
        _ => ((FixedSizeListArray)lists).GetSlicedValues(i),
    };

    private long[]? ShapeOf(int i, long row)
    {
        if (_shapes is null || _shapes.IsNull(i)) return null;
        IArrowArray values = Slice(_shapes, i);
        long[] shape = new long[Math.Min(values.Length, 64)];
        for (int k = 0; k < shape.Length; k++)
        {
            double value = Number(values, k) ?? double.NaN;
            if (!(Math.Abs(value) <= RecordIndex.FeatureLimit) || value != Math.Floor(value))
                throw CalibrationFailure.Error(_path, $"row {row} has {value} in '{Shape}', expected integers within 1..{RecordIndex.FeatureLimit}");
            shape[k] = (long)value;
        }

        return shape;
    }

    private IReadOnlyList<string?> Texts(IArrowArray array)
    {
        if (array is IReadOnlyList<string?> texts) return texts;
        if (array is not DictionaryArray { Dictionary: IReadOnlyList<string?> words } coded) throw Wrong(Layer, array, "text");
        int[] indices = [.. coded.EnumeratePhysicalIndices()];
        return [.. indices.Select((index, i) => coded.Indices.IsNull(i) ? null : words[index])];
    }

    private static bool IsNumeric(IArrowArray array) => array is Int8Array or UInt8Array or Int16Array or UInt16Array or Int32Array or UInt32Array
        or Int64Array or UInt64Array or HalfFloatArray or FloatArray or DoubleArray;

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
