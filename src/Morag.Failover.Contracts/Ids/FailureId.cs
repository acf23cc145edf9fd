namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// The id of a failure. It is derived from what failed, so repeated reports of a failure get the same id. An id from outside must match
/// <see cref="Identifier.Rule"/>.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<FailureId>))]
public readonly record struct FailureId(string Value) : ITextId<FailureId>
{
    /// <inheritdoc />
    public static FailureId From(string value) => new(value);

    /// <inheritdoc />
    public override string ToString() => Value;

    /// <inheritdoc />
    public override int GetHashCode() => Identifier.HashOf(Value);
}
