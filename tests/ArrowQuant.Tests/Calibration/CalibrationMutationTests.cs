using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Tests.Support;
using CsCheck;

namespace ArrowQuant.Tests.Calibration;

[Trait("Category", "Fuzz")]
public sealed class CalibrationMutationTests
{
    public static TheoryData<string> Formats => [.. CalibrationFixture.Formats];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Load_MutatedFile_ReadsCleanlyOrSaysWhatIsWrong(string format)
    {
        using ModelFiles files = new();
        CalibrationFixture fixture = CalibrationFixture.Create(("a", 3), ("b", 4));
        byte[] valid = File.ReadAllBytes(fixture.Write(files, format));
        string path = files.PathOf("mutated." + format);
        Gen<(int Place, byte Value)> change = Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte, (place, value) => (place, value));
        Gen<byte[]> mutated = Gen.Select(change.List[0, 4], Gen.Int[0, valid.Length], Gen.Int[0, 3], (changes, cut, isCut) =>
        {
            byte[] file = (byte[])valid.Clone();
            foreach ((int place, byte value) in changes) file[place] = value;
            return isCut == 0 ? file[..cut] : file;
        });
        int loaded = 0;
        int refused = 0;
        mutated.Sample(
            content =>
            {
                File.WriteAllBytes(path, content);
                try
                {
                    CalibrationData data = CalibrationData.Open([path], true, new DiffusionQuantConfig(), null)!;
                    foreach ((string layer, long features) in new[] { ("a", 3L), ("b", 4L) })
                    {
                        using LayerCalibration? calibration = data.Load(layer, features, out CalibrationDefect? defect);
                        Assert.True(calibration is null != defect is null);
                        if (calibration is null) continue;
                        loaded++;
                        Assert.All(calibration.Fit, value => Assert.True(float.IsFinite(value)));
                        Assert.Equal(calibration.Groups.Count, calibration.FitGroup.Distinct().Count());
                    }
                }
                catch (ArrowQuantException e)
                {
                    refused++;
                    Assert.True(e is CalibrationException or ResourceException, e.ToString());
                    Assert.DoesNotContain('\n', e.Message);
                    Assert.True(e.Message.Length < 2000, e.Message);
                    Assert.Equal(path, e.FilePath);
                }
            },
            iter: 400,
            threads: 1);
        Assert.True(loaded > 10, $"only {loaded} loaded");
        Assert.True(refused > 50, $"only {refused} refused");
    }
}
