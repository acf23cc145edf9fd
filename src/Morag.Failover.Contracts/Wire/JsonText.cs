using System.Runtime.InteropServices;
using System.Text;

namespace Morag.Failover.Contracts.Wire;

/// <summary>
/// An opaque JSON value: a payload, a result, a context. It holds compact, valid JSON as UTF-8, as it is stored and sent, which takes half
/// the memory of a string.
/// </summary>
[JsonConverter(typeof(JsonTextConverter))]
public readonly struct JsonText : IEquatable<JsonText>
{
    private static readonly byte[] NullText = "null"u8.ToArray();

    private readonly byte[]? utf8;

    private JsonText(byte[] utf8) => this.utf8 = utf8;

    /// <summary>The empty object.</summary>
    public static readonly JsonText EmptyObject = new("{}"u8.ToArray());

    /// <summary>JSON's null.</summary>
    public static readonly JsonText Null = new(NullText);

    /// <summary>The JSON text as UTF-8; <c>null</c> in JSON for the default value.</summary>
    public ReadOnlyMemory<byte> Utf8 => utf8 ?? NullText;

    /// <summary>The JSON text, decoded at each call.</summary>
    public string Raw => Encoding.UTF8.GetString(Utf8.Span);

    /// <summary>Whether this is JSON's null.</summary>
    public bool IsNull => Utf8.Span.SequenceEqual(NullText);

    /// <summary>The length in bytes of UTF-8, for limits.</summary>
    public int Length => Utf8.Length;

    /// <summary>Takes text that is known to be valid JSON, such as text that was stored.</summary>
    public static JsonText Trusted(string json) => new(Encoding.UTF8.GetBytes(json));

    /// <summary>Takes UTF-8 text that is known to be valid JSON. It is not copied: the caller must not change it any more.</summary>
    public static JsonText Trusted(ReadOnlyMemory<byte> utf8Json) => utf8Json.Span switch
    {
        var text when text.SequenceEqual(EmptyObject.utf8) => EmptyObject,
        var text when text.SequenceEqual(NullText) => Null,
        _ => new(MemoryMarshal.TryGetArray(utf8Json, out var array) && array.Count == array.Array!.Length
            ? array.Array
            : utf8Json.ToArray()),
    };

    /// <summary>The compact text of an element.</summary>
    public static JsonText From(JsonElement element) => new(JsonSerializer.SerializeToUtf8Bytes(element, ContractsJson.Options));

    /// <summary>The JSON of any value, in the wire's naming.</summary>
    public static JsonText Of<T>(T value) => new(JsonSerializer.SerializeToUtf8Bytes(value, ContractsJson.Options));

    /// <summary>Whether two texts are the same, byte for byte.</summary>
    public static bool operator ==(JsonText left, JsonText right) => left.Equals(right);

    /// <summary>Whether two texts differ.</summary>
    public static bool operator !=(JsonText left, JsonText right) => !left.Equals(right);

    /// <summary>
    /// The rule that the text violates, phrased to follow the name of a field; null if it is valid. A value from another process has not
    /// been validated before.
    /// </summary>
    /// <param name="maxBytes">The most bytes in UTF-8.</param>
    public string? BrokenRule(int maxBytes) =>
        IsNull || utf8 == EmptyObject.utf8 ? null
        : Length > maxBytes ? TooLong(maxBytes, Length)
        : JsonTextRules.BrokenBy(Utf8.Span);

    /// <summary>As <see cref="BrokenRule"/>, for what has to be an object, or null.</summary>
    /// <param name="maxBytes">The most bytes in UTF-8.</param>
    public string? BrokenObjectRule(int maxBytes) =>
        BrokenRule(maxBytes) ?? (IsNull || Utf8.Span.TrimStart(" \t\r\n"u8)[0] == '{' ? null : "must be a JSON object");

    /// <summary>The rule on size in words, for a value that breaks it.</summary>
    /// <param name="maxBytes">The most bytes in UTF-8.</param>
    /// <param name="bytes">The bytes that it has.</param>
    public static string TooLong(int maxBytes, int bytes) =>
        $"may have at most {maxBytes} bytes as compact JSON in UTF-8, not {bytes}";

    /// <summary>Parses the text; dispose the document.</summary>
    public JsonDocument Parse() => JsonDocument.Parse(Utf8);

    /// <inheritdoc />
    public bool Equals(JsonText other) => Utf8.Span.SequenceEqual(other.Utf8.Span);

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is JsonText other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Utf8.Span);
        return hash.ToHashCode();
    }

    /// <inheritdoc />
    public override string ToString() => Raw;
}

/// <summary>What JSON has to keep so that every reader of the system can read it, wherever it is put.</summary>
internal static class JsonTextRules
{
    /// <summary>The rule on nesting in words.</summary>
    public static readonly string TooDeep = $"may be nested at most {JsonDepth.MaxOfValue} levels deep";

    private static readonly JsonReaderOptions Options = new() { MaxDepth = JsonDepth.MaxOfMessage };

    /// <summary>The rule that a whole text breaks; null where it breaks none.</summary>
    public static string? BrokenBy(ReadOnlySpan<byte> json)
    {
        // The reader looks at the bytes inside strings only when they are read.
        if (!System.Text.Unicode.Utf8.IsValid(json))
        {
            return "must be valid UTF-8";
        }

        var reader = new Utf8JsonReader(json, Options);
        try
        {
            while (reader.Read())
            {
                if (IsTooDeep(in reader, within: 0))
                {
                    return TooDeep;
                }

                // Half of a surrogate pair is a legal escape, but no reader can turn it into a text.
                if (reader.ValueIsEscaped)
                {
                    _ = reader.GetString();
                }
            }

            return null;
        }
        catch (JsonException)
        {
            return "must be JSON";
        }
        catch (InvalidOperationException)
        {
            return "must be valid Unicode text";
        }
    }

    /// <summary>Whether the value that a reader stands at is nested too deep; the reader is not moved.</summary>
    public static bool IsTooDeep(Utf8JsonReader reader)
    {
        var within = reader.CurrentDepth;
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            return false;
        }

        while (reader.Read() && reader.CurrentDepth > within)
        {
            if (IsTooDeep(in reader, within))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsTooDeep(in Utf8JsonReader reader, int within) =>
        reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject
        && reader.CurrentDepth - within >= JsonDepth.MaxOfValue;
}

internal sealed class JsonTextConverter : JsonConverter<JsonText>
{
    public override bool HandleNull => true;

    public override JsonText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonTextRules.IsTooDeep(reader)
            ? throw new JsonException(JsonTextRules.TooDeep)
            : JsonText.From(JsonElement.ParseValue(ref reader));

    public override void Write(Utf8JsonWriter writer, JsonText value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
}
