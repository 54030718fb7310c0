/** Takes the place of object-inspect, in the bundles alone: a package under qs uses it for the text of an error. */
module.exports = String;
