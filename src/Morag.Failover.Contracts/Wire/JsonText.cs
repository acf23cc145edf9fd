namespace Morag.Failover.Contracts.Wire;

/// <summary>
/// A JSON value that the system carries without looking inside: a payload, a result, a context. Holds compact, valid JSON text.
/// </summary>
[JsonConverter(typeof(JsonTextConverter))]
public readonly record struct JsonText
{
    private readonly string? text;

    private JsonText(string text) => this.text = text;

    /// <summary>The empty object.</summary>
    public static readonly JsonText EmptyObject = new("{}");

    /// <summary>The JSON text; <c>null</c> in JSON for the default value.</summary>
    public string Raw => text ?? "null";

    /// <summary>Whether this is JSON's null.</summary>
    public bool IsNull => text is null or "null";

    /// <summary>The length in characters, for limits.</summary>
    public int Length => Raw.Length;

    /// <summary>Takes text that is known to be valid JSON, such as text that was stored.</summary>
    public static JsonText Trusted(string json) => new(json);

    /// <summary>The compact text of an element.</summary>
    public static JsonText From(JsonElement element) => new(JsonSerializer.Serialize(element, ContractsJson.Options));

    /// <summary>The JSON of any value, in the wire's naming.</summary>
    public static JsonText Of<T>(T value) => new(JsonSerializer.Serialize(value, ContractsJson.Options));

    /// <summary>Whether the text is JSON. What another process sent was not looked at on its way in.</summary>
    public bool IsWellFormed() => IsNull || Kind() is not null;

    /// <summary>Whether the text is a JSON object.</summary>
    public bool IsObject() => text == EmptyObject.text || Kind() is JsonValueKind.Object;

    /// <summary>Parses the text; dispose the document.</summary>
    public JsonDocument Parse() => JsonDocument.Parse(Raw);

    /// <inheritdoc />
    public override string ToString() => Raw;

    private JsonValueKind? Kind()
    {
        try
        {
            using var json = Parse();
            return json.RootElement.ValueKind;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

internal sealed class JsonTextConverter : JsonConverter<JsonText>
{
    public override bool HandleNull => true;

    public override JsonText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonText.From(JsonElement.ParseValue(ref reader));

    public override void Write(Utf8JsonWriter writer, JsonText value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Raw, skipInputValidation: true);
}
