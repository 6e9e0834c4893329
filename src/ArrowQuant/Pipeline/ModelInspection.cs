namespace ArrowQuant.Pipeline;

/// <summary>What a model holds.</summary>
public sealed record ModelInspection
{
    /// <summary>The model as the caller named it.</summary>
    public required string Path { get; init; }

    /// <summary>Its format in words.</summary>
    public required string Format { get; init; }

    /// <summary><c>text</c>, <c>code</c>, <c>image</c>, <c>audio</c>, or null when the metadata does not tell.</summary>
    public string? Modality { get; init; }

    /// <summary>The model's type as its metadata names it, or null.</summary>
    public string? ModelType { get; init; }

    /// <summary>Every tensor in the order of the source.</summary>
    public required IReadOnlyList<InspectedTensor> Tensors { get; init; }

    /// <summary>Stored bytes of all tensors.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Stored bits per quantized weight, or null when nothing is quantized.</summary>
    public double? BitsPerWeight { get; init; }

    /// <summary>Facts about the model that the user should know, one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>One tensor of a model.</summary>
/// <param name="Name">The unique name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Dtype">Its element type; of a quantized tensor, the source's.</param>
/// <param name="BitWidth">2, 4, 8, or null when it is not quantized.</param>
/// <param name="Layout"><c>affine</c>, <c>lattice2</c>, <c>lattice3</c>, or null.</param>
/// <param name="Method">The method that the artefact names, or null.</param>
/// <param name="Bytes">Stored bytes.</param>
/// <param name="CosineSimilarity">The accuracy that the artefact states, or null.</param>
/// <param name="AlreadyQuantized">How a foreign tensor is quantized (<c>gptq</c>, <c>bitsandbytes</c>, ...), or null.</param>
public sealed record InspectedTensor(
    string Name,
    IReadOnlyList<long> Shape,
    string Dtype,
    int? BitWidth,
    string? Layout,
    string? Method,
    long Bytes,
    double? CosineSimilarity,
    string? AlreadyQuantized);
