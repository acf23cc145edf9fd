using System.Runtime.CompilerServices;
using System.Text.Json;
using Akka.Serialization;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>
/// Holds every type to the bytes in <c>golden-bytes.txt</c>: what is stored, and what another version sends, has to stay readable. The
/// last line of a type is how it is written now, those before it are how earlier versions wrote it. A line is never changed: a type
/// that got new fields gets one more (run with <c>MORAG_ADD_GOLDEN=1</c>), and it gets that only if the earlier ones still say the same.
/// </summary>
public sealed class GoldenBytesSpecs() : TestKit(FailoverSerialization.Config)
{
    private const string FileName = "golden-bytes.txt";

    private static readonly ILookup<string, byte[]> Golden = File.ReadLines(Path.Combine(AppContext.BaseDirectory, FileName))
        .Select(line => line.TrimEnd().Split(' '))
        .ToLookup(parts => parts[0], parts => Convert.FromHexString(parts.ElementAtOrDefault(1) ?? ""));

    private static readonly SortedDictionary<string, Type> Found = new(
        WireTypes.Messages.All.ToDictionary(WireTypes.Messages.Manifest)
            .Concat(WireTypes.Stored.All.ToDictionary(WireTypes.Stored.Manifest))
            .ToDictionary(),
        StringComparer.Ordinal);

    [Fact]
    public void Should_know_the_bytes_of_every_type()
    {
        var missing = Found.Where(known => !IsAsGolden(known.Key, known.Value) && (!Golden.Contains(known.Key) || IsReadable(known.Key)))
            .Select(known => $"{known.Key} {Convert.ToHexStringLower(Write(SampleOf.Type(known.Value)))}".TrimEnd())
            .ToList();
        if (Environment.GetEnvironmentVariable("MORAG_ADD_GOLDEN") == "1")
        {
            File.AppendAllLines(SourceFile(), missing);
        }

        Assert.True(missing.Count == 0, $"add to {FileName}, or run once with MORAG_ADD_GOLDEN=1:\n{string.Join('\n', missing)}");
    }

    [Fact]
    public void Should_still_have_every_type_whose_bytes_are_known() =>
        Assert.Empty(Golden.Select(known => known.Key).Except(Found.Keys));

    [Fact]
    public void Should_write_and_read_the_golden_bytes() => Assert.All(Golden.Where(known => Found.ContainsKey(known.Key)), known =>
    {
        var sample = SampleOf.Type(Found[known.Key]);
        Assert.Equal(Convert.ToHexStringLower(known.Last()), Convert.ToHexStringLower(Write(sample)));
        Assert.Equal(Json(sample).GetRawText(), Json(Read(known.Key, known.Last())).GetRawText());
    });

    [Fact]
    public void Should_read_what_earlier_versions_wrote() =>
        Assert.All(Found.Keys, manifest => Assert.True(
            IsReadable(manifest), $"the earlier bytes of {manifest} say something else now: a field was renumbered, or its type changed"));

    private bool IsAsGolden(string manifest, Type type) =>
        Golden[manifest].LastOrDefault() is { } bytes && bytes.AsSpan().SequenceEqual(Write(SampleOf.Type(type)));

    private bool IsReadable(string manifest) =>
        Golden[manifest].All(bytes => SaysTheSame(Json(Read(manifest, bytes)), Json(SampleOf.Type(Found[manifest]))));

    /// <summary>Whether all that was said still is; what the sample says on top of it is new since.</summary>
    private static bool SaysTheSame(JsonElement before, JsonElement now) => before.ValueKind switch
    {
        JsonValueKind.Object => before.EnumerateObject().All(property =>
            SaysNothing(property.Value) || (now.TryGetProperty(property.Name, out var value) && SaysTheSame(property.Value, value))),
        JsonValueKind.Array =>
            before.GetArrayLength() == now.GetArrayLength()
                && before.EnumerateArray().Zip(now.EnumerateArray()).All(pair => SaysTheSame(pair.First, pair.Second)),
        _ => before.GetRawText() == now.GetRawText(),
    };

    private static bool SaysNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().All(property => SaysNothing(property.Value)),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => value.GetRawText() is "null" or "0" or "false" or "\"\"" or "\"00:00:00\"",
    };

    private byte[] Write(object value) => Sys.Serialization.FindSerializerFor(value).ToBinary(value);

    private object Read(string manifest, byte[] bytes)
    {
        var serializer = (SerializerWithStringManifest)Sys.Serialization.FindSerializerForType(Found[manifest]);
        return serializer.FromBinary(bytes, manifest);
    }

    private static JsonElement Json(object value) => JsonSerializer.SerializeToElement(value, value.GetType(), ContractsJson.Options);

    private static string SourceFile([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, FileName);
}
