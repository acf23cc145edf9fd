using System.Text.Json;
using System.Text.Json.Serialization;
using Morag.Failover.Contracts;

namespace Morag.Failover.Node.Http.Input;

/// <summary>The JSON options for request bodies: those of the contracts, with error messages that state the violated rule.</summary>
internal static class HttpJson
{
    /// <summary>The options, read-only.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private delegate bool TryRead<T>(ref Utf8JsonReader reader, out T value);

    private delegate void Write<in T>(Utf8JsonWriter writer, T value);

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(ContractsJson.Options)
        {
            // A duplicate field is ambiguous. Payloads (JsonText) belong to the caller and are not checked.
            AllowDuplicateProperties = false,
        };
        var known = options.Converters.ToArray();
        options.Converters.Clear();
        options.Converters.Add(new WireEnumConverterFactory());
        options.Converters.Add(new Scalar<bool>(
            "must be true or false", ReadBool, static (writer, value) => writer.WriteBooleanValue(value)));
        options.Converters.Add(new Scalar<int>(
            "must be a whole number within ±2,147,483,647", ReadInt, static (writer, value) => writer.WriteNumberValue(value)));
        options.Converters.Add(new Scalar<long>(
            "must be a whole number", ReadLong, static (writer, value) => writer.WriteNumberValue(value)));
        options.Converters.Add(new Scalar<double>(
            "must be a number", ReadDouble, static (writer, value) => writer.WriteNumberValue(value)));
        options.Converters.Add(new Scalar<string>("must be a text", ReadText, static (writer, value) => writer.WriteStringValue(value)));
        foreach (var converter in known)
        {
            options.Converters.Add(converter);
        }

        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    private static bool ReadBool(ref Utf8JsonReader reader, out bool value)
    {
        value = reader.TokenType == JsonTokenType.True;
        return value || reader.TokenType == JsonTokenType.False;
    }

    private static bool ReadInt(ref Utf8JsonReader reader, out int value)
    {
        value = 0;
        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out value);
    }

    private static bool ReadLong(ref Utf8JsonReader reader, out long value)
    {
        value = 0;
        return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out value);
    }

    private static bool ReadDouble(ref Utf8JsonReader reader, out double value)
    {
        value = 0;
        return reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out value) && double.IsFinite(value);
    }

    private static bool ReadText(ref Utf8JsonReader reader, out string value)
    {
        value = reader.TokenType == JsonTokenType.String ? reader.GetString()! : "";
        return reader.TokenType == JsonTokenType.String;
    }

    private sealed class Scalar<T>(string rule, TryRead<T> read, Write<T> write) : JsonConverter<T>
        where T : notnull
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            read(ref reader, out var value) ? value : throw new JsonException(rule);

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => write(writer, value);
    }
}
