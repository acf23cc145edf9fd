namespace Morag.Failover.Contracts.Wire;

/// <summary>The limits on JSON nesting. <c>[]</c> and <c>{}</c> have one level, <c>[[]]</c> has two, a text or a number has none.</summary>
/// <remarks>
/// A value that is accepted appears again inside responses, streams and stored events. The difference between the two limits leaves room
/// for what wraps it.
/// </remarks>
public static class JsonDepth
{
    /// <summary>The maximum depth of an opaque value: a payload, quality settings, a result, a context.</summary>
    public const int MaxOfValue = 56;

    /// <summary>The maximum depth of a whole request, response or stored text, which is the default limit of many JSON readers.</summary>
    public const int MaxOfMessage = 64;
}
