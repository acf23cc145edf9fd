using Morag.Failover.Client.Connection;

namespace Morag.Failover.Client;

/// <summary>Turns the failures of the connection to the nodes into those that callers know.</summary>
internal static class CallFailures
{
    /// <summary>Runs a call.</summary>
    /// <exception cref="MoragException">The call failed.</exception>
    /// <exception cref="TokenExposed">The call was not made. Retrying cannot help: the proxy settings must change.</exception>
    public static async Task<T> TranslateAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (NodeRefused refused)
        {
            throw Problems.Of(refused);
        }
        catch (NodeUnreachable failure)
        {
            throw new MoragUnavailableException(failure.Message, failure) { OutcomeUnknown = !failure.NothingSent };
        }
        catch (TokenUnavailable failure)
        {
            throw new MoragUnavailableException(failure.Message, failure) { OutcomeUnknown = failure.EarlierMayHaveHappened };
        }
        catch (UnreadableAnswer failure)
        {
            throw new MoragUnavailableException(failure.Message, failure) { OutcomeUnknown = true, IsUnreadable = true };
        }
        catch (Exception failure) when (NoAnswer.Explains(failure) || failure is TimeoutException)
        {
            throw new MoragUnavailableException($"the connection broke: {failure.Message}", failure) { OutcomeUnknown = true };
        }
    }
}
