using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Morag.Failover.Domain.Search;

/// <summary>
/// Tests the values at a path of a JSON text, reading its bytes once without building objects. A name reaches into every entry of an
/// array; a number selects one entry.
/// </summary>
internal sealed class JsonPathTest
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = JsonDepth.MaxOfMessage };

    private readonly (byte[] Name, int? Index)[] path;
    private readonly JsonTest test;

    public JsonPathTest(ImmutableArray<string> path, JsonTest test)
    {
        this.path = [.. path.Select(name => (Encoding.UTF8.GetBytes(name), IndexOf(name)))];
        this.test = test;
    }

    public bool Passes(JsonText json, DateTimeOffset now)
    {
        var utf8 = json.Utf8.Span;
        if (json.IsNull || !MayPassIn(utf8))
        {
            return false;
        }

        var reader = new Utf8JsonReader(utf8, Options);
        try
        {
            return reader.Read() && Passes(ref reader, at: 0, now);
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            // Stored values were checked when they arrived; one that no reader can read matches nothing.
            return false;
        }
    }

    private static int? IndexOf(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;

    private bool MayPassIn(ReadOnlySpan<byte> utf8)
    {
        if (!test.MayPassIn(utf8))
        {
            return false;
        }

        foreach (var (name, index) in path)
        {
            if (index is null && utf8.IndexOf(name) < 0)
            {
                return utf8.Contains((byte)'\\');
            }
        }

        return true;
    }

    private bool Passes(ref Utf8JsonReader reader, int at, DateTimeOffset now)
    {
        if (at == path.Length)
        {
            return test.Passes(ref reader, now);
        }

        return reader.TokenType switch
        {
            JsonTokenType.StartObject => PassesInObject(ref reader, at, now),
            JsonTokenType.StartArray => PassesInArray(ref reader, at, now),
            _ => false,
        };
    }

    private bool PassesInObject(ref Utf8JsonReader reader, int at, DateTimeOffset now)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isOnPath = reader.ValueTextEquals(path[at].Name);
            reader.Read();
            if (!isOnPath)
            {
                reader.Skip();
            }
            else if (Passes(ref reader, at + 1, now))
            {
                return true;
            }
        }

        return false;
    }

    private bool PassesInArray(ref Utf8JsonReader reader, int at, DateTimeOffset now)
    {
        var wanted = path[at].Index;
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            if (wanted is null ? Passes(ref reader, at, now) : index == wanted && Passes(ref reader, at + 1, now))
            {
                return true;
            }

            // A value that ends the path, or that the path cannot enter, may still be open.
            reader.Skip();
        }

        return false;
    }
}
