namespace ArrowQuant.Tensors;

/// <summary>What a model says of one of its tensors before its values are read.</summary>
public sealed record TensorInfo
{
    /// <summary>The source's name, unchanged; inside a component, the name that the component's own files use.</summary>
    public required string Name { get; init; }

    /// <summary>The dimensions as the source has them.</summary>
    public required TensorShape Shape { get; init; }

    /// <summary>The element type of the values that <c>IModelSource.Read</c> returns.</summary>
    public required ElementType ElementType { get; init; }

    /// <summary>The size of the values in bytes.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The component of a diffusers folder that the tensor belongs to (<c>unet</c>), or null outside such a folder.</summary>
    public string? Component { get; init; }

    /// <summary>The file that holds the values, for messages.</summary>
    public required string FilePath { get; init; }

    /// <summary>
    /// Null for plain weights. Otherwise how the source had already quantized this tensor (<c>int8 rows of Parquet V2</c>, <c>GPTQ</c>):
    /// reading gives decoded values where that is possible.
    /// </summary>
    public string? AlreadyQuantized { get; init; }

    /// <summary>What the model's graph says of the tensor; null where there is no graph and names tell.</summary>
    public GraphRole? Role { get; init; }

    /// <summary>The name that is unique in the whole model: <c>component/name</c> inside a component, else the name.</summary>
    public string FullName => Component is null ? Name : $"{Component}/{Name}";
}
