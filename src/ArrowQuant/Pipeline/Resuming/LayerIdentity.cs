using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline.Resuming;

/// <summary>
/// What every block of a layer depends on at one width, but for its own source bytes: the run, the tensor, what is to be used for it, and
/// the rows that its choices are made from. Thread-safe.
/// </summary>
internal sealed class LayerIdentity
{
    private readonly Lazy<UInt128> _hash;

    /// <summary>Describes a layer; its row sample is read when the hash is first asked for.</summary>
    public LayerIdentity(RunIdentity run, MatrixReader reader, LayerRequest request)
    {
        Request = request;
        Reader = reader;
        _hash = new Lazy<UInt128>(() => Compute(run));
    }

    /// <summary>What its choices are made from.</summary>
    public LayerRequest Request { get; }

    /// <summary>Reads its rows.</summary>
    public MatrixReader Reader { get; }

    /// <summary>The hash of all of it.</summary>
    public UInt128 Hash => _hash.Value;

    /// <summary>
    /// Whether anything is chosen from the rows of the layer; not without calibration data, with a single grid to choose from and without
    /// compensation over the rows themselves.
    /// </summary>
    public bool DependsOnSample =>
        Request.Recipe.IsCalibrated
        || Grid.CandidatesOf(Request.Recipe.Method, Request.BitWidth, Request.Config).Count > 1
        || LayerPreparation.MayCompensateByWeights(Request);

    private UInt128 Compute(RunIdentity run)
    {
        LayerRecipe recipe = Request.Recipe;
        string[] parts =
        [
            StoredRowCodec.HashText(run.Hash),
            Request.Name,
            Reader.Tensor.Shape.ToString(),
            Reader.Tensor.ElementType.ToString(),
            string.Create(CultureInfo.InvariantCulture, $"{Request.View} {Request.BitWidth} {Request.Channels} {Request.HasBias}"),
            $"{LayerPreparation.MayCompensateByWeights(Request)}",
            recipe.Method,
            recipe.Enhancement,
            $"{recipe.ChannelEqualization} {recipe.IsCalibrated}",
            .. recipe.Tried,
            .. recipe.Failures.Select(failure => failure.ToString()),
            DependsOnSample ? StoredRowCodec.HashText(SampleHash()) : "",
        ];
        // Each part is quoted, so that no two lists give one text.
        return XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(string.Join('\n', parts.Select(part => JsonEncodedText.Encode(part)))));
    }

    private UInt128 SampleHash()
    {
        XxHash128 hash = new();
        byte[] row = new byte[Reader.RowBytes];
        for (int i = 0; i < GridChooser.SampleCount(Reader.View.Rows); i++)
        {
            Reader.ReadRows(GridChooser.SampleRow(Reader.View.Rows, i), 1, row);
            hash.Append(row);
        }

        return hash.GetCurrentHashAsUInt128();
    }
}
