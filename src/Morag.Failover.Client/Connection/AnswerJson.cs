using System.Text.Json;
using System.Text.Json.Serialization;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Connection;

/// <summary>
/// JSON options for the node's answers: they allow deeper nesting than the node writes, and leave payloads unparsed. A worker must be able
/// to read every task that a node accepts.
/// </summary>
internal static class AnswerJson
{
    private const int MaxDepth = 1_000;

    public static JsonDocumentOptions Document { get; } = new() { MaxDepth = MaxDepth };

    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Reads a part of an answer.</summary>
    /// <remarks>It throws what <see cref="UnreadableAnswer.Explains"/> recognises if it is null or not of this type.</remarks>
    public static T Read<T>(JsonElement answer) => answer.Deserialize<T>(Options) ?? throw IsNull();

    /// <summary>Reads the data of an event.</summary>
    /// <remarks>It throws what <see cref="UnreadableAnswer.Explains"/> recognises if it is null or not of this type.</remarks>
    public static T Parse<T>(ServerEvent received) => JsonSerializer.Deserialize<T>(received.Data, Options) ?? throw IsNull();

    private static JsonException IsNull() => new("it is null");

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(ContractsJson.Options) { MaxDepth = MaxDepth };
        options.Converters.Insert(0, new RawTextConverter());
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    private sealed class RawTextConverter : JsonConverter<JsonText>
    {
        public override bool HandleNull => true;

        public override JsonText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonText.Trusted(JsonElement.ParseValue(ref reader).GetRawText());

        public override void Write(Utf8JsonWriter writer, JsonText value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
    }
}
