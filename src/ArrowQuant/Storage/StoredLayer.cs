using ArrowQuant.Tensors;

namespace ArrowQuant.Storage;

/// <summary>A layer, or a kept tensor, as an artefact describes it; known without reading weights.</summary>
public sealed class StoredLayer
{
    internal StoredLayer(LayerHeader header, string? component, ShardReader shard, IReadOnlyList<StoredBlock> blocks)
    {
        Header = header;
        Component = component;
        Shard = shard;
        Blocks = blocks;
    }

    /// <summary>The source's name, unchanged; inside a component, the name that the component's own files use.</summary>
    public string Name => Header.LayerName;

    /// <summary>The component of a diffusers folder, or null.</summary>
    public string? Component { get; }

    /// <summary>The name that is unique in the artefact: <c>component/name</c> inside a component, else the name.</summary>
    public string FullName => Component is null ? Name : $"{Component}/{Name}";

    /// <summary>The file that holds the layer.</summary>
    public string FilePath => Shard.FilePath;

    /// <summary>The source shape.</summary>
    public TensorShape Shape => Header.Shape;

    /// <summary>The element type of the source, and of the stored values of a kept tensor.</summary>
    public ElementType SourceType => Header.SourceType;

    /// <summary>The [rows, columns] view in which the values are stored.</summary>
    public MatrixView View => Header.View;

    /// <summary>True when the values are stored as they were.</summary>
    public bool IsKept => Header.Format is null;

    /// <summary><c>none</c>, <c>int2</c>, <c>int4</c> or <c>int8</c>.</summary>
    public string QuantType => StoredRowCodec.QuantType(Header.Format);

    /// <summary>What the codes stand for; <see cref="CodeLayout.None"/> for a kept tensor.</summary>
    public CodeLayout Layout => Header.Format?.Layout ?? CodeLayout.None;

    /// <summary>Bits per code, or per element of a kept tensor.</summary>
    public int BitWidth => Header.BitWidth;

    /// <summary>Weights per group; null for one grid per row and for kept tensors.</summary>
    public int? GroupSize => Header.Format is { PerChannel: false } format ? format.Groups.GroupSize : null;

    /// <summary>True for one grid per output row.</summary>
    public bool PerChannel => Header.Format is { PerChannel: true };

    /// <summary>The method that was really used, or <c>none</c>.</summary>
    public string Method => Header.Method;

    /// <summary>The enhancement that was really used, or <c>none</c>.</summary>
    public string Enhancement => Header.Enhancement;

    /// <summary>The transform that decoding undoes: <c>none</c> or <c>hadamard:</c> with a seed.</summary>
    public string Transform => Header.Transform;

    /// <summary><c>bias</c> for a kept bias that was corrected, else <c>none</c>.</summary>
    public string Correction => Header.Correction;

    /// <summary>True when the layer belongs to a diffusion model.</summary>
    public bool IsDiffusionModel => Header.IsDiffusionModel;

    /// <summary>text, code, image, audio, or null.</summary>
    public string? Modality => Header.Modality;

    /// <summary>The time_aware document, or null.</summary>
    public string? TimeAwareJson => Header.TimeAwareJson;

    /// <summary>The spatial document, or null.</summary>
    public string? SpatialJson => Header.SpatialJson;

    /// <summary>The activation statistics document, or null.</summary>
    public string? ActivationStatsJson => Header.ActivationStatsJson;

    /// <summary>Cosine similarity to the source as the writer measured it, or null.</summary>
    public double? CosineSimilarity => Blocks[^1].CosineSimilarity;

    /// <summary>|W-Ŵ|²/|W|² as the writer measured it, or null.</summary>
    public double? Nmse => Blocks[^1].Nmse;

    /// <summary>The blocks in row order: contiguous, complete, at least one.</summary>
    public IReadOnlyList<StoredBlock> Blocks { get; }

    /// <summary>Bytes of packed codes or raw values, before compression.</summary>
    public long DataBytes => Blocks.Sum(block => block.DataBytes);

    /// <summary>Bytes that they take in the file; fewer where the column is compressed.</summary>
    public long StoredBytes => Blocks.Sum(block => block.StoredBytes);

    internal LayerHeader Header { get; }

    internal ShardReader Shard { get; }
}
