namespace Morag.Failover.Contracts.Wire;

/// <summary>How deep JSON may be nested. <c>[]</c> and <c>{}</c> are one level deep, <c>[[]]</c> two, a text or a number none.</summary>
/// <remarks>
/// What is taken in as a value is handed out again inside of answers, streams and stored events. The two limits leave room for that:
/// whatever wraps a value adds at most the difference between them.
/// </remarks>
public static class JsonDepth
{
    /// <summary>The most levels of a value that is carried as it is: a payload, quality settings, a result, a context.</summary>
    public const int MaxOfValue = 56;

    /// <summary>The most levels of a whole request, answer or stored text: what many JSON readers accept by default.</summary>
    public const int MaxOfMessage = 64;
}
