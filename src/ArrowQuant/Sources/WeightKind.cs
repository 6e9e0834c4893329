namespace ArrowQuant.Sources;

/// <summary>How the weights at a location are stored.</summary>
internal enum WeightKind
{
    /// <summary>One safetensors file.</summary>
    SafeTensors,

    /// <summary>An index with shards.</summary>
    SafeTensorsIndex,

    /// <summary>Parquet: a file, or a folder of files.</summary>
    Parquet,

    /// <summary>One ONNX file.</summary>
    Onnx,
}
