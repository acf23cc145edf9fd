namespace Morag.Failover.Contracts.Ids;

/// <summary>
/// A worker's id for one request for leases. A repeated request with the same id gets the same leases. An id from outside must match
/// <see cref="Identifier.Rule"/>.
/// </summary>
[JsonConverter(typeof(IdJsonConverter<RequestId>))]
public readonly record struct RequestId(string Value) : ITextId<RequestId>
{
    /// <inheritdoc />
    public static RequestId From(string value) => new(value);

    /// <inheritdoc />
    public override string ToString() => Value;

    /// <inheritdoc />
    public override int GetHashCode() => Identifier.HashOf(Value);
}
