namespace Morag.Failover.Contracts.Ids;

/// <summary>An id that is a text on the wire and a type in the code.</summary>
public interface ITextId<TSelf>
    where TSelf : struct, ITextId<TSelf>
{
    /// <summary>The text of the id.</summary>
    string Value { get; }

    /// <summary>The id that <paramref name="value"/> names; the text is not checked here (see <see cref="Identifier"/>).</summary>
    static abstract TSelf From(string value);
}

/// <summary>Writes an id as a JSON string, also as the name of a property.</summary>
public sealed class IdJsonConverter<TId> : JsonConverter<TId>
    where TId : struct, ITextId<TId>
{
    /// <inheritdoc />
    public override TId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Checked(reader.TokenType == JsonTokenType.String ? reader.GetString() : null);

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, TId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);

    /// <inheritdoc />
    public override TId ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Checked(reader.GetString());

    /// <inheritdoc />
    public override void WriteAsPropertyName(Utf8JsonWriter writer, TId value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.Value);

    private static TId Checked(string? text) =>
        Identifier.IsValid(text) ? TId.From(text) : throw new JsonException($"must be {Identifier.Rule}");
}
