using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Sources.Parquet;
using ArrowQuant.TestKit.Parquet;
using static ArrowQuant.Tests.Sources.Parquet.OldModelFolder;

namespace ArrowQuant.Tests.Sources.Parquet;

public sealed class ParquetModelFolderTests : IDisposable
{
    private readonly OldModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void CanOpen_ByNameMagicOrFolderContents()
    {
        Assert.False(ParquetModelSource.CanOpen(_folder.Path));
        Assert.False(ParquetModelSource.CanOpen(_folder.File("absent.parquet")));
        _folder.Write("calibration.parquet", "PAR1");
        _folder.Write("reference.parquet", "PAR1");
        _folder.Write("model.safetensors", "{}");
        Assert.False(ParquetModelSource.CanOpen(_folder.Path));
        Assert.False(ParquetModelSource.CanOpen(_folder.File("model.safetensors")));
        _folder.Write("noname", "PAR1....");
        Assert.True(ParquetModelSource.CanOpen(_folder.File("noname")));
        _folder.Write("x.PARQUET", "");
        Assert.True(ParquetModelSource.CanOpen(_folder.File("x.PARQUET")));
        Assert.True(ParquetModelSource.CanOpen(_folder.Path));
    }

    [Fact]
    public void Open_NothingThere_IsModelNotFound()
    {
        ModelNotFoundException e = Assert.Throws<ModelNotFoundException>(() => _folder.Open("absent.parquet"));
        Assert.Equal($"'{_folder.File("absent.parquet")}' does not exist", e.Message);
        e = Assert.Throws<ModelNotFoundException>(() => _folder.Open());
        Assert.Equal($"'{_folder.Path}' holds no Parquet model (*.parquet)", e.Message);
    }

    [Fact]
    public void Open_FolderOfTensors_OrdinalOrderOfFilesWhateverTheirNames()
    {
        // A tensor may be called like a whole model.
        V2ExtendedConverter.Convert(
            [("weights", [1], [1f]), ("b.w", [1], [2f]), ("model", [1], [3f]), ("B", [1], [4f])], _folder.Path, "audio");
        OldParquetFixtures.WriteV2Extended(_folder.Path, OldRows.Raw("calibration", [1], [9f]));

        using IModelSource source = _folder.Open();

        Assert.Equal(["B", "b.w", "model", "weights"], source.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([3f], Floats(source, "model"));
    }

    [Fact]
    public void Open_OneFileOfAFolder_IsAModelOfOneTensor()
    {
        V2ExtendedConverter.Convert([("a", [1], [1f]), ("b", [1], [2f])], _folder.Path, "code");

        using IModelSource source = _folder.Open("b.parquet");

        Assert.Equal([2f], Floats(source, Assert.Single(source.Tensors).Name));
        Assert.Equal(Modality.Code, source.Description.Modality);
    }

    [Fact]
    public void Open_DuplicateNamesInTwoFiles_NamesBoth()
    {
        string first = OldParquetFixtures.WriteV2Rust(_folder.Path, OldRows.Raw("a", [1], [1f]));
        string second = _folder.File("c.parquet");
        File.Copy(first, second);

        ModelFormatException e = _folder.Fails();

        Assert.Equal($"'{second}' holds a tensor 'a' and so does '{first}'; expected each name once", e.Message);
        Assert.Equal(("a", second), (e.TensorName, e.FilePath));
    }

    [Fact]
    public void Open_DuplicateNamesInOneFile_Fails()
    {
        OldParquetFixtures.WriteV1(_folder.File("weights.parquet"), [OldRows.Raw("a", [1], [1f]), OldRows.Raw("a", [1], [2f])]);

        Assert.Equal($"'{_folder.File("weights.parquet")}' holds a tensor 'a' twice; expected each name once", _folder.Fails().Message);
    }

    [Theory]
    [InlineData("weights.parquet", "model.parquet", "model.parquet, weights.parquet", "model.parquet")]
    [InlineData("part-1.parquet", "part-2.parquet", "part-1.parquet, part-2.parquet", "part-1.parquet")]
    public void Open_SeveralWholeModels_IsAmbiguous(string one, string two, string listed, string whole)
    {
        OldParquetFixtures.WriteV1(_folder.File(one), [OldRows.Raw("a", [1], [1f])]);
        OldParquetFixtures.WriteV1(_folder.File(two), [OldRows.Raw("b", [1], [1f])]);

        Assert.Equal(
            $"'{_folder.Path}' holds several Parquet models ({listed}), and {whole} is a whole model (Parquet V1); name one file",
            _folder.Fails().Message);
    }

    [Fact]
    public void Open_WholeModelBesideOtherTables_IgnoresThem()
    {
        OldParquetFixtures.WriteV1(_folder.File("weights.parquet"), [OldRows.Raw("a", [1], [1f])]);
        _folder.Write("zz_evaluation.parquet", "anything");

        using IModelSource source = _folder.Open();

        Assert.Equal([1f], Floats(source, "a"));
    }

    [Fact]
    public void Description_V2Extended_ColumnFirstAndFilesThatTravel()
    {
        V2ExtendedConverter.Convert([("a", [1], [1f]), ("b", [1], [1f])], _folder.Path, "image");
        _folder.Write("metadata.json", """{"format":"parquet_v2_extended","modality":"text","model_type":"diffusion"}""");
        foreach (string name in (string[])["config.json", "tokenizer.json", "calibration.parquet", "notes.txt"]) _folder.Write(name, "{}");

        using IModelSource source = _folder.Open();

        ModelDescription description = source.Description;
        Assert.Equal("parquet v2 extended", description.Format);
        Assert.Equal((Modality.Image, "modality column"), (description.Modality, description.ModalityOrigin));
        Assert.True(description.IsDiffusionModel);
        Assert.Equal("diffusion", description.ModelType);
        Assert.Equal(["config.json", "tokenizer.json"], description.Sidecars.Select(file => file.RelativePath));
        Assert.Equal(_folder.File("config.json"), description.Sidecars[0].SourcePath);
        Assert.Equal([_folder.File("calibration.parquet")], description.CalibrationFiles);
        Assert.Equal(_folder.Path, source.Path);
    }

    [Theory]
    [InlineData("""{"modality":"audio","architecture":"text"}""", """{"modality":"code"}""", Modality.Audio, "metadata.json modality")]
    [InlineData("""{"architecture":"Text","format":"parquet_v2_extended"}""", "{}", Modality.Text, "metadata.json architecture")]
    [InlineData("""{"architecture":"DiT"}""", """{"modality":"code"}""", Modality.Code, "config.json modality")]
    [InlineData("{}", "{}", null, null)]
    public void Description_ModalityOfJsonFiles_InOrder(string metadata, string config, Modality? modality, string? origin)
    {
        OldParquetFixtures.WriteV1(_folder.File("weights.parquet"), [OldRows.Raw("a", [1], [1f])]);
        _folder.Write("metadata.json", metadata);
        _folder.Write("config.json", config);

        using IModelSource source = _folder.Open();

        Assert.Equal((modality, origin), (source.Description.Modality, source.Description.ModalityOrigin));
        Assert.False(source.Description.IsDiffusionModel);
    }

    [Fact]
    public void Description_RowsThatDisagreeOnModality_TellNothing()
    {
        OldParquetFixtures.WriteV2Extended(_folder.Path, OldRows.Raw("a", [1], [1f]) with { Modality = "text" });
        OldParquetFixtures.WriteV2Extended(_folder.Path, OldRows.Raw("b", [1], [1f]) with { Modality = "image", IsDiffusionModel = false });

        using IModelSource source = _folder.Open();

        Assert.Null(source.Description.Modality);
        Assert.True(source.Description.IsDiffusionModel);
    }

    [Theory]
    [InlineData("{\n\"a\":", "not valid JSON at line 2, byte 5: ")]
    [InlineData("[1]", "found an array, expected a JSON object")]
    public void Open_BrokenMetadata_Fails(string metadata, string expected)
    {
        OldParquetFixtures.WriteV1(_folder.File("weights.parquet"), [OldRows.Raw("a", [1], [1f])]);
        _folder.Write("metadata.json", metadata);

        Assert.StartsWith($"{_folder.File("metadata.json")}: {expected}", _folder.Fails().Message, StringComparison.Ordinal);
    }
}
